//! What a client reads from `/info.json`, and whether it must restart as another build first (SPEC
//! INFO-8). Reference: `net/src/NetLibrary.cpp`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::game::{Game, stoi};
use crate::json;
use crate::texts::client;

/// The build that clients take for [`REMAPPED`].
const WINTER_2025: i32 = 3751;

/// A build that was renumbered: servers that ask for it get clients of [`WINTER_2025`], which still
/// name this one.
const REMAPPED: i32 = 3717;

/// What a client takes from `/info.json` before it connects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerVars {
    /// What the server demands of the client's build; `None` where one of it cannot be read, so that
    /// it demands nothing.
    pub builds: Option<BuildVars>,
    /// `sv_licenseKeyToken`, empty when there is none.
    pub license_key_token: String,
    /// Whether to ask for a Steam ticket: only `on` asks.
    pub request_steam_ticket: String,
    /// Whether a Steam ticket is needed.
    pub enforce_steam_auth: bool,
}

/// The variables about a client's build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildVars {
    /// `sv_enforceGameBuild`.
    pub enforced: Option<i32>,
    /// `sv_defaultGameBuild`, unless it is below the client's own default.
    pub default: Option<i32>,
    /// `sv_pureLevel`.
    pub pure_level: i32,
    /// `sv_poolSizesIncrease`: pool names and by how much. The limits that the reference downloads
    /// and cuts them by are not applied here.
    pub pool_sizes: BTreeMap<String, u32>,
    /// An older server wants the executable of the enforced build: `sv_replaceExeToSwitchBuilds` is
    /// not `false`, there is no [`BuildVars::default`], and the enforced build is not `1`.
    pub replace_executable: bool,
}

/// What a client runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientBuild {
    /// Its game.
    pub game: Game,
    /// The build that it was started for.
    pub build: i32,
    /// Its pure level.
    pub pure_level: i32,
    /// Its larger pools.
    pub pool_sizes: BTreeMap<String, u32>,
    /// The build of its executable when it was started.
    pub default_build: i32,
}

/// Why a client does not go on to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildSwitch {
    /// It must restart as this.
    To(ClientBuild),
    /// It cannot run what the server demands: the text for the player.
    Unsupported(String),
}

impl Default for ServerVars {
    fn default() -> Self {
        Self {
            builds: None,
            license_key_token: String::new(),
            request_steam_ticket: "on".to_owned(),
            enforce_steam_auth: false,
        }
    }
}

impl ServerVars {
    /// Reads a document in the reference's order. At the first member of the wrong type, and at a
    /// number that cannot be read, reading stops and the rest keeps its default; a gta4 client, or a
    /// document without `vars`, reads nothing.
    pub fn read(info: &Value, game: Game) -> Self {
        let mut read = Self::default();
        if game != Game::Gta4
            && let Some(info) = info.as_object()
            && let Some(vars) = info.get("vars").and_then(Value::as_object)
        {
            // Nothing is left to do where reading stopped.
            let _ = read.fill(info, vars, game);
        }
        read
    }

    fn fill(
        &mut self,
        info: &Map<String, Value>,
        vars: &Map<String, Value>,
        game: Game,
    ) -> Result<(), Unreadable> {
        self.builds = Some(BuildVars::read(vars, game)?);
        self.license_key_token = text(vars, "sv_licenseKeyToken", "")?;
        self.request_steam_ticket = text(info, "requestSteamTicket", "on")?;
        self.enforce_steam_auth =
            info.get("enforceSteamAuth").map_or(Some(false), Value::as_bool).ok_or(Unreadable)?;
        Ok(())
    }

    /// What the client must become before it connects; `None` when it may go on.
    pub fn build_switch(&self, client: &ClientBuild) -> Option<BuildSwitch> {
        self.builds.as_ref().and_then(|builds| builds.switch(client))
    }

    /// The `gameBuild` that the client must name instead of its own: some servers demand a build
    /// under a number that it lost.
    pub fn announced_build(&self) -> Option<i32> {
        self.builds.as_ref()?.enforced.filter(|build| *build == REMAPPED)
    }
}

impl BuildVars {
    fn read(vars: &Map<String, Value>, game: Game) -> Result<Self, Unreadable> {
        let pure_level = number(&text(vars, "sv_pureLevel", "0")?)?.unwrap_or(0);
        let pool_sizes = pool_sizes(&text(vars, "sv_poolSizesIncrease", "")?)?;
        let enforced = text(vars, "sv_enforceGameBuild", "")?;
        let default = number(&text(vars, "sv_defaultGameBuild", "")?)?;
        let default = default.filter(|build| *build >= game.default_build());
        let replace_executable = default.is_none()
            && text(vars, "sv_replaceExeToSwitchBuilds", "true")? != "false"
            && enforced != "1";
        let enforced = number(&enforced)?;
        Ok(Self { enforced, default, pure_level, pool_sizes, replace_executable })
    }

    fn switch(&self, client: &ClientBuild) -> Option<BuildSwitch> {
        let default = self.default.unwrap_or(client.game.default_build());
        if let Some(enforced) = self.enforced {
            let build = if enforced == REMAPPED { WINTER_2025 } else { enforced };
            let wanted = ClientBuild {
                game: client.game,
                build,
                pure_level: self.pure_level,
                pool_sizes: self.pool_sizes.clone(),
                default_build: if self.replace_executable { build } else { default },
            };
            // Build 0 demands no build, but the rest all the same.
            let same_build = build == 0 || build == client.build;
            if !same_build || (ClientBuild { build: client.build, ..wanted.clone() }) != *client {
                let unsupported = client::invalid_enforced_build(build);
                return Some(supported(wanted, unsupported));
            }
            if build != 0 {
                return None;
            }
        }
        if client.game != Game::Gta5 || client.build == default {
            return None;
        }
        let wanted = ClientBuild {
            game: client.game,
            build: default,
            pure_level: 0,
            pool_sizes: BTreeMap::new(),
            default_build: default,
        };
        Some(supported(wanted, client::invalid_default_build(default)))
    }
}

/// The switch, or `text` where there is no such build.
fn supported(wanted: ClientBuild, text: String) -> BuildSwitch {
    if wanted.game.builds().contains(&wanted.build) {
        BuildSwitch::To(wanted)
    } else {
        BuildSwitch::Unsupported(text)
    }
}

/// A member of the wrong type, or text that is no number: where the reference stops reading.
struct Unreadable;

/// A member that is text, or the default where it is not there.
fn text(object: &Map<String, Value>, name: &str, default: &str) -> Result<String, Unreadable> {
    let text = object.get(name).map_or(Some(default), Value::as_str);
    text.map(str::to_owned).ok_or(Unreadable)
}

/// A number, if there is text at all.
fn number(text: &str) -> Result<Option<i32>, Unreadable> {
    if text.is_empty() { Ok(None) } else { stoi(text).map(Some).ok_or(Unreadable) }
}

fn pool_sizes(text: &str) -> Result<BTreeMap<String, u32>, Unreadable> {
    if text.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sizes: Map<String, Value> = serde_json::from_str(text).map_err(|_| Unreadable)?;
    let size = |(name, size)| Ok((name, json::small(&size).map_err(|_| Unreadable)?));
    sizes.into_iter().map(size).collect()
}

/// The build number in the `server` member, 0 when there is none: `FXServer-master SERVER v1.0.0.7290
/// linux` is 7290.
///
/// ```
/// use cfx_control::info::server_version;
/// assert_eq!(server_version("FXServer-master SERVER v1.0.0.7290 linux"), 7290);
/// assert_eq!(server_version("other"), 0);
/// ```
pub fn server_version(server: &str) -> i32 {
    let mut version = server.to_owned();
    for noise in [" win32", " linux", " SERVER", "FXServer-"] {
        version = version.replace(noise, "");
    }
    version.rsplit('.').next().and_then(stoi).unwrap_or(0)
}
