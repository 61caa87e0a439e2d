//! The manifest and the content (states init received, downloading, download complete).

use cfx_control::manifest::{self, Manifest, ManifestAnswer, ResourceProgress};
use cfx_control::request::{GetConfiguration, Request as Method};
use cfx_control::texts::progress;

use super::exchange::{Ended, Exchange, PATIENCE, SILENCE};
use super::{Client, Event, ServerUrl, Stage, State};
use crate::http::{Call, Progress};
use crate::time::Time;

/// The most bytes of a manifest; the largest seen are a few million. Hostile JSON takes up to some
/// twenty times its size once it is read.
const MAX_MANIFEST: usize = 32 << 20;

/// Milliseconds that a whole manifest may take, however steadily it trickles.
const MANIFEST_PATIENCE: u64 = 600_000;

/// How far the content is.
pub(super) enum Content {
    /// The manifest is on its way.
    Manifest { exchange: Exchange, until: Time },
    /// The application fetches this many resources; `mounted` of them are in place.
    Resources { count: usize, mounted: usize },
}

impl Content {
    pub(super) const fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Manifest { exchange, .. } => Some(exchange),
            Self::Resources { .. } => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match self {
            Self::Manifest { exchange, until } => Some(exchange.deadline.min(*until)),
            Self::Resources { .. } => None,
        }
    }
}

impl Client {
    /// Asks for the manifest, at the endpoint and not at the URL (SPEC MANIFEST-1).
    pub(super) fn begin_content(&mut self, now: Time) {
        let Some(server) = self.attempt.server else { return self.end() };
        self.tell(State::Downloading);
        self.progress(progress::DOWNLOADING);
        self.progress_soon(manifest::downloading(0, None));
        let id = self.call(Call {
            method: "POST",
            url: format!("{}client", ServerUrl::from(server)),
            headers: vec![("X-CitizenFX-Token", self.attempt.token.clone())],
            body: Method::GetConfiguration(GetConfiguration { resources: None }).to_body(),
        });
        let exchange = Exchange::new(id, MAX_MANIFEST, now);
        let until = now.after(MANIFEST_PATIENCE);
        self.enter(Stage::Downloading(Content::Manifest { exchange, until }));
    }

    pub(super) fn content_http(&mut self, progress: &Progress<'_>, now: Time) {
        let Stage::Downloading(Content::Manifest { exchange, .. }) = &mut self.stage else {
            return;
        };
        let ended = exchange.take(progress);
        if matches!(progress, Progress::Data(_)) {
            exchange.deadline = now.after(PATIENCE);
            let text = manifest::downloading(exchange.body.len() as u64, None);
            self.progress_soon(text);
        }
        match ended {
            None => {}
            Some(Ended::Whole(body)) => self.manifest(&body),
            Some(Ended::Failed(text)) => self.manifest_failed(&text),
        }
    }

    pub(super) fn content_timed_out(&mut self) {
        self.manifest_failed(SILENCE);
    }

    fn manifest_failed(&mut self, detail: &str) {
        self.refused(manifest::request_failed(Some(detail)));
    }

    fn manifest(&mut self, body: &[u8]) {
        self.flush_progress();
        self.progress_soon(manifest::LOADING.to_owned());
        let text = String::from_utf8_lossy(body);
        let manifest = match Manifest::read(&text) {
            Ok(ManifestAnswer::Manifest(manifest)) => manifest,
            // The client goes on without content (SPEC MANIFEST-7).
            Ok(ManifestAnswer::NoResources(_)) => Manifest::default(),
            Err(error) => return self.refused(error.text().unwrap_or_else(|| error.to_string())),
        };
        let count = manifest.resources.len();
        self.enter(Stage::Downloading(Content::Resources { count, mounted: 0 }));
        self.event(Event::Manifest(manifest));
    }

    /// The application tells how a resource comes along (SPEC MANIFEST-8).
    pub(super) fn content_progress(&mut self, resource: &str, progress: ResourceProgress) {
        let Stage::Downloading(Content::Resources { count, mounted }) = &mut self.stage else {
            return;
        };
        if progress == ResourceProgress::Mounted {
            *mounted = mounted.saturating_add(1).min(*count);
        }
        let text = progress.text(resource, *mounted, *count);
        self.progress_soon(text);
    }

    pub(super) fn content_done(&mut self) {
        if matches!(self.stage, Stage::Downloading(Content::Resources { .. })) {
            self.flush_progress();
            self.enter(Stage::DownloadComplete);
        }
    }
}
