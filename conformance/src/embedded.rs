//! The settings of our own server, as the cases find it.

use cfx_control::manifest::{Manifest, ManifestAnswer};
use cfx_session::server::Config;

/// A small gta5 server on a local network with OneSync on and three resources.
pub fn config() -> Config {
    Config {
        hostname: "^2cfx-conformance ^7embedded server".to_owned(),
        gametype: "Conformance".to_owned(),
        mapname: "San Andreas".to_owned(),
        max_clients: 64,
        manifest: manifest(),
        ..Config::default()
    }
}

/// Three resources with a few files; one of them streams.
fn manifest() -> Manifest {
    let text = r#"{"fileServer":"https://%s/files","resources":[
        {"name":"sessionmanager","files":{"resource.rpf":"a9993e364706816aba3e25717850c26c9cd0d89d"},"streamFiles":{}},
        {"name":"spawnmanager","files":{"resource.rpf":"84983e441c3bd26ebaae4aa1f95129e5e54670f1"},"streamFiles":{}},
        {"name":"cars","files":{"resource.rpf":"34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
         "streamFiles":{"car.ytd":{"hash":"da39a3ee5e6b4b0d3255bfef95601890afd80709","rscFlags":0,"rscVersion":0,"size":4096}}}]}"#;
    match Manifest::read(text) {
        Ok(ManifestAnswer::Manifest(manifest)) => manifest,
        // A test reads it, so it is one.
        _ => Manifest::default(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_manifest_has_three_resources() {
        assert_eq!(super::manifest().resources.len(), 3);
    }
}
