//! Feature policies: which of a server's features its licence grants (SPEC HTTP-25).
//!
//! A client asks the policy service for the policies of the server's `sv_licenseKeyToken` and
//! connects to a `OneSync` server only if they cover its slots. Reference: `NetLibrary.cpp`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::answer::Accepted;
use crate::texts::client;

/// A set of policies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy(BTreeSet<String>);

/// The slots that a server's policies allow, and those that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// How many the policies allow.
    pub allowed: u32,
    /// How many the server has (`maxClients`).
    pub wanted: i64,
    /// The policies would allow more, but for `OneSync` legacy.
    pub needs_onesync_on: bool,
}

impl Policy {
    /// Reads the policy service's answer: an array whose strings are the policies.
    ///
    /// # Errors
    /// The text that tells a client's player what went wrong, for [`check`].
    ///
    /// ```
    /// use cfx_control::policy::Policy;
    /// let policy = Policy::read(r#"["onesync","onesync_big",3]"#)?;
    /// assert_eq!(policy.to_string(), "[onesync][onesync_big]");
    /// assert_eq!(Policy::read("{}"), Err("Parsing policy failed (2)."));
    /// # Ok::<_, &str>(())
    /// ```
    pub fn read(answer: &str) -> Result<Self, &'static str> {
        match serde_json::from_str(answer) {
            Ok(Value::Array(entries)) => {
                Ok(entries.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            Ok(_) => Err(client::POLICY_NO_ARRAY),
            Err(_) => Err(client::POLICY_UNPARSABLE),
        }
    }

    /// Whether the policy is granted.
    pub fn contains(&self, policy: &str) -> bool {
        self.0.contains(policy)
    }

    /// Adds what every small server gets: `subdir_file_mapping` up to 10 slots, `local_evaluation` up
    /// to 8.
    pub fn add_forced(&mut self, max_clients: i64) {
        if max_clients <= 10 {
            self.0.insert("subdir_file_mapping".to_owned());
        }
        if max_clients <= 8 {
            self.0.insert("local_evaluation".to_owned());
        }
    }

    /// How many slots these policies allow a server that has `wanted`; `big` is `onesync_big`.
    pub fn slots(&self, wanted: i64, big: bool) -> Slots {
        let mut allowed = if self.contains("onesync") { 64 } else { 48 };
        let mut needs_onesync_on = false;
        if self.contains(if big { "onesync_medium" } else { "onesync_plus" }) {
            allowed = 128;
        } else if !big && allowed >= 64 && wanted > 64 {
            needs_onesync_on = true;
        }
        if self.contains("onesync_big") {
            allowed = 2048;
        }
        Slots { allowed, wanted, needs_onesync_on }
    }
}

impl FromIterator<String> for Policy {
    fn from_iter<I: IntoIterator<Item = String>>(policies: I) -> Self {
        Self(policies.into_iter().collect())
    }
}

/// `[policy]` after `[policy]`, sorted: the string that the client's later stages look into.
impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|policy| write!(f, "[{policy}]"))
    }
}

/// The policy that a `OneSync` server of so many slots needs, if any; `big` is `onesync_big`.
///
/// ```
/// use cfx_control::policy::required;
/// assert_eq!(required(48, true), None);
/// assert_eq!(required(64, true), Some("onesync"));
/// assert_eq!(required(128, false), Some("onesync_plus"));
/// assert_eq!(required(2048, true), Some("onesync_big"));
/// ```
pub const fn required(max_clients: i64, big: bool) -> Option<&'static str> {
    match max_clients {
        ..=48 => None,
        65..=128 if big => Some("onesync_medium"),
        65..=128 => Some("onesync_plus"),
        129..=2048 => Some("onesync_big"),
        // 49 to 64; and more than any server can have, where the reference's default stays.
        _ => Some("onesync"),
    }
}

/// A client's whole decision: may it connect, given the final value and what it made of the policy
/// service's answer? Gives the policies, the forced ones added.
///
/// `answer` is `None` for a server without `sv_licenseKeyToken`, which is not checked at all.
///
/// # Errors
/// The text for the player.
pub fn check(answer: Option<Result<Policy, &str>>, accepted: &Accepted) -> Result<Policy, String> {
    let (slots, big) = (accepted.max_clients, accepted.onesync_big);
    let needed = required(slots, big).filter(|_| accepted.onesync && answer.is_some());
    let (mut policy, fact) = match answer.unwrap_or(Ok(Policy::default())) {
        Ok(policy) => (policy, None),
        Err(fact) => (Policy::default(), Some(fact)),
    };
    if needed.is_some_and(|needed| !policy.contains(needed)) {
        return Err(match fact {
            Some(fact) => client::policy_unknown(fact),
            None => client::too_many_slots(&policy.slots(slots, big)),
        });
    }
    policy.add_forced(slots);
    Ok(policy)
}
