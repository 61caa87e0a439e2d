//! The content manifest, as the reference's server writes it and its client reads it (SPEC
//! MANIFEST-4, MANIFEST-5, MANIFEST-7, MANIFEST-8).

use cfx_control::manifest::{
    Filter, LOADING, Manifest, ManifestAnswer, ManifestError, ResourceProgress, base_url,
    downloading, request_failed,
};
use cfx_fixtures::manifest::{JOIN_BYTES, JOIN_RESOURCES, manifest_json};
use proptest::prelude::*;
use serde_json::json;

/// A small manifest with every member in it, in the reference's order.
const SMALL: &str = concat!(
    r#"{"fileServer":"https://%s/files","resources":[{"name":"chat","files":{"#,
    r#""dist/chat.js":"da39a3ee5e6b4b0d3255bfef95601890afd80709","resource.rpf":"0a4d55a8d778e5022fab701977c5d840bbc486d0"},"#,
    r#""streamFiles":{}},{"name":"cars","files":{},"streamFiles":{"#,
    r#""a.ydr":{"hash":"aa","rscFlags":7,"rscVersion":165,"size":4294967295,"rscPagesVirtual":1,"rscPagesPhysical":2,"e":true},"#,
    r#""b.ymap":{"hash":"bb","rscFlags":9,"rscVersion":0,"size":9}},"fileServer":"https://cdn.example/x","uri":"global://cars"}],"#,
    r#""note":[1,null]}"#,
);

fn read(text: &str) -> Manifest {
    match Manifest::read(text) {
        Ok(ManifestAnswer::Manifest(manifest)) => manifest,
        other => panic!("no manifest: {other:?}"),
    }
}

fn text_of(answer: &str) -> String {
    Manifest::read(answer).expect_err(answer).text().expect("the client says something")
}

#[test]
fn a_manifest_is_read_and_written_alike() {
    let manifest = read(&format!("{SMALL}\r\n"));
    assert_eq!(serde_json::to_string(&manifest).expect("JSON"), SMALL);
    let [chat, cars] = &manifest.resources[..] else { panic!("two resources") };
    assert_eq!(chat.files["dist/chat.js"], "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_eq!(chat.mount_uri(), "global://chat");
    assert_eq!(cars.stream_files["a.ydr"].rsc_pages_physical, Some(2));
    assert_eq!(cars.stream_files["a.ydr"].e, Some(true));
    assert_eq!(cars.stream_files["b.ymap"].rsc_pages_physical, None);
    assert_eq!(manifest.extra["note"], json!([1, null]));
    let server = "https://203.0.113.5:30120/";
    assert_eq!(manifest.resource_url(chat, server), "https://203.0.113.5:30120/files/chat/");
    assert_eq!(manifest.resource_url(cars, server), "https://cdn.example/x/cars/");
}

#[test]
fn the_manifest_of_a_real_join() {
    let text = manifest_json(JOIN_RESOURCES, JOIN_BYTES);
    assert!((JOIN_BYTES - 400..=JOIN_BYTES).contains(&text.len()), "{} bytes", text.len());
    assert_eq!(text, manifest_json(JOIN_RESOURCES, JOIN_BYTES));
    let manifest = read(&text);
    assert_eq!(manifest.resources.len(), JOIN_RESOURCES);
    assert!(manifest.resources.iter().all(|resource| !resource.stream_files.is_empty()));
    // The generator writes the file tables sorted, as the server does.
    assert!(serde_json::to_string(&manifest).expect("JSON") == text, "another text");
    for length in (0..text.len()).step_by(text.len() / 40) {
        let error = Manifest::read(&text[..length]).expect_err("cut off");
        let at = length as u64;
        assert!(matches!(error, ManifestError::NotJson { offset, .. } if offset == at), "{error}");
    }
}

#[test]
fn every_prefix_is_an_error() {
    cfx_fixtures::prefixes(SMALL.as_bytes(), |prefix| {
        let prefix = std::str::from_utf8(prefix).expect("ASCII");
        let error = Manifest::read(prefix).expect_err(prefix);
        let ManifestError::NotJson { offset, .. } = error else { panic!("{prefix}: {error}") };
        assert_eq!(offset, prefix.len() as u64);
    });
}

#[test]
fn refusals_in_the_words_of_the_client() {
    assert_eq!(
        text_of(r#"{"error":"Not a valid client.","resources":3}"#),
        "Obtaining configuration from server failed. Error text: Not a valid client."
    );
    for answer in ["[]", "null", "5", "\"{}\"\r\n"] {
        assert_eq!(
            text_of(answer),
            "Obtaining configuration from server failed. JSON data was not an object."
        );
    }
    assert_eq!(
        request_failed(Some("HTTP 500")),
        "Obtaining configuration from server failed. Error state: HTTP 500"
    );
    assert_eq!(request_failed(None), "Obtaining configuration from server failed.");
}

#[test]
fn what_is_not_json_in_the_words_of_the_client() {
    for (answer, offset, reason) in [
        ("", 0, "The document is empty."),
        ("\r\n", 2, "The document is empty."),
        ("<html>", 0, "Invalid value."),
        ("{}\r\n{}", 4, "The document root must not be followed by other values."),
        ("{\"a\":nul}", 8, "Invalid value."),
        ("[-]", 2, "Invalid value."),
        ("{a", 1, "Missing a name for object member."),
        ("{\"a\"", 4, "Missing a colon after a name of object member."),
        ("{\"a\":1", 6, "Missing a comma or '}' after an object member."),
        ("[1 2]", 3, "Missing a comma or ']' after an array element."),
        ("{\"resou", 7, "Missing a closing quotation mark in string."),
        ("[\"a\0\"]", 3, "Missing a closing quotation mark in string."),
        ("[\"a\n\"]", 3, "Invalid encoding in string."),
        ("[\"ab\\q\"]", 4, "Invalid escape character in string."),
        ("[\"ab\\u00g0\"]", 4, "Incorrect hex digit after \\u escape in string."),
        ("[\"ab\\ud800\"]", 4, "The surrogate pair in string is invalid."),
        ("[1.]", 3, "Miss fraction part in number."),
        ("[1e]", 3, "Miss exponent in number."),
        ("[1, 1e999]", 4, "Number too big to be stored in double."),
    ] {
        assert_eq!(
            text_of(answer),
            format!(
                "Failed to parse content manifest: {reason} (at offset {offset}) - see the console log for details"
            )
        );
    }
}

#[test]
fn an_object_without_resources_is_no_error() {
    for answer in [
        "{}",
        r#"{"error":null}"#,
        r#"{"error":{},"fileServer":"x"}"#,
        r#"{"resources":[]}"#,
        r#"{"resources":{},"fileServer":"x"}"#,
        r#"{"resources":[],"fileServer":null}"#,
    ] {
        let Ok(ManifestAnswer::NoResources(members)) = Manifest::read(answer) else {
            panic!("{answer}")
        };
        assert_eq!(serde_json::to_value(members).ok(), serde_json::from_str(answer).ok());
    }
}

#[test]
fn resources_are_read_as_leniently_as_the_client_does() {
    let lenient = json!({"fileServer": "f", "resources": [
        {"files": {}, "name": "a", "fileServer": 5, "uri": null, "x": {}},
        {"files": {}, "name": "b", "streamFiles": {"c": {"hash": "d", "size": 0, "y": 1}}},
    ]});
    let manifest = read(&lenient.to_string());
    let [a, b] = &manifest.resources[..] else { panic!("two resources") };
    assert_eq!((&a.file_server, &a.uri, &a.extra["x"]), (&None, &None, &json!({})));
    assert_eq!(b.stream_files["c"].extra["y"], 1);
    for bad in [
        json!(null),
        json!({"files": {}}),
        json!({"name": "a"}),
        json!({"name": 1, "files": {}}),
        json!({"name": "a", "files": {"f": null}}),
        json!({"name": "a", "files": {}, "streamFiles": {"f": {"hash": "d"}}}),
        json!({"name": "a", "files": {}, "streamFiles": {"f": {"hash": "d", "size": -1}}}),
    ] {
        let answer = json!({"fileServer": "f", "resources": [{"name": "ok", "files": {}}, bad]});
        let error = Manifest::read(&answer.to_string()).expect_err("bad");
        assert!(matches!(error, ManifestError::BadResource { index: 1, .. }), "{error}");
        assert_eq!(error.text(), None);
    }
}

#[test]
fn the_filter_stops_at_an_empty_name() {
    for (list, a, b) in [
        ("", true, true),
        (";b", true, true),
        ("a", true, false),
        ("a;", true, false),
        ("a;;b", true, false),
        ("a;b", true, true),
        ("b;x;b", false, true),
        ("a b", false, false),
    ] {
        let filter = Filter::parse(list.as_bytes());
        assert_eq!((filter.matches("a"), filter.matches("b")), (a, b), "{list}");
    }
}

#[test]
fn the_servers_url_stands_in_for_its_place_holder() {
    let server = "https://h:1/";
    assert_eq!(base_url("https://%s/files", server), "https://h:1/files");
    assert_eq!(base_url("http://%s/files", server), "https://h:1/files");
    assert_eq!(base_url("https://%s", server), "https://%s");
    assert_eq!(base_url("https://cdn/%s/", server), "https://cdn/%s/");
}

#[test]
fn progress_in_the_words_of_the_client() {
    assert_eq!(downloading(0, None), "Downloading content manifest...");
    assert_eq!(downloading(176_574, None), "Downloading content manifest (176.57 kB)");
    assert_eq!(downloading(2_043_000, Some(0)), "Downloading content manifest (2043.00 kB)");
    assert_eq!(downloading(0, Some(1_125)), "Downloading content manifest (0.00/1.12 kB)");
    assert_eq!(LOADING, "Loading content manifest...");
    // Lines of the recorded join.
    let verifying = ResourceProgress::Verifying { now: 3_000_000, total: 13_126_000 };
    assert_eq!(verifying.text("monitor", 1, 333), "Verifying monitor (1 of 333 - 2.86/12.52 MiB)");
    let fetching = ResourceProgress::Downloading { now: 65_536, total: 400_000 };
    assert_eq!(
        fetching.text("nx-adapter-qb", 259, 333),
        "Downloading nx-adapter-qb (259 of 333 - 0.06/0.38 MiB)"
    );
    assert_eq!(
        ResourceProgress::Mounted.text("_rage_ui", 333, 333),
        "Mounted _rage_ui (333 of 333)"
    );
}

proptest! {
    #[test]
    fn any_text_is_a_manifest_or_an_error(text in any::<String>()) {
        let _ = Manifest::read(&text);
    }

    #[test]
    fn generated_manifests_come_back(resources in 0usize..6, bytes in 0usize..6000) {
        let text = manifest_json(resources, bytes);
        let manifest = read(&text);
        prop_assert_eq!(manifest.resources.len(), resources);
        prop_assert_eq!(serde_json::to_string(&manifest).expect("JSON"), text);
    }
}
