//! Where a redirect leads (RFC 9110, section 15.4).

use http::{Method, Response, StatusCode, Uri, header};

use super::BoxError;

/// The target of a response that is a redirect.
pub(super) fn location<B>(response: &Response<B>) -> Option<&str> {
    let is_redirect = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !is_redirect {
        return None;
    }
    response.headers().get(header::LOCATION)?.to_str().ok()
}

/// Whether the redirected request is a GET without a body, as every browser has it.
pub(super) fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status {
        StatusCode::SEE_OTHER => method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => method == Method::POST,
        _ => false,
    }
}

/// A URL without what follows its `#`, which is not sent.
pub(super) fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(url, _)| url)
}

/// A location, absolute or relative, seen from `base`.
pub(super) fn resolve(base: &Uri, location: &str) -> Result<Uri, BoxError> {
    let location = without_fragment(location);
    let scheme = base.scheme_str().unwrap_or("http");
    let authority = base.authority().map_or("", |authority| authority.as_str());
    let url = if has_scheme(location) {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.is_empty() || location.starts_with('?') {
        format!("{scheme}://{authority}{}{location}", base.path())
    } else {
        let directory = base.path().rsplit_once('/').map_or("", |(directory, _)| directory);
        format!("{scheme}://{authority}{directory}/{location}")
    };
    Ok(url.parse()?)
}

/// Whether a location begins with a scheme and so is absolute.
fn has_scheme(location: &str) -> bool {
    location
        .split_once(':')
        .is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn resolves_every_form() {
        let base = "https://a.example:444/b/c?d=e".parse().expect("a URL");
        for (location, want) in [
            ("http://f.example/g", "http://f.example/g"),
            ("//f.example/g", "https://f.example/g"),
            ("/g?h", "https://a.example:444/g?h"),
            ("g#i", "https://a.example:444/b/g"),
            ("?h", "https://a.example:444/b/c?h"),
            ("g?u=http://h", "https://a.example:444/b/g?u=http://h"),
            ("", "https://a.example:444/b/c"),
        ] {
            assert_eq!(resolve(&base, location).expect(location).to_string(), want);
        }
        assert!(resolve(&base, "http://").is_err());
    }
}
