//! The progress text of a deferred connection (SPEC DEFER-2).

use std::fmt::Write;

/// What a resource says of itself when it defers, until it says something else.
pub const DEFERRING: &str = "Deferring connection...";

/// What a resource is taken to say when it refuses with something that is no text.
pub const UNKNOWN_ERROR: &str = "Unknown error";

/// One line `resource: message\n` for each of `unfinished`, which the caller gives in the byte order
/// of the resources' names. Reference: `ClientDeferral.cpp`, `UpdateDeferrals`.
///
/// ```
/// use cfx_control::deferral::progress_text;
/// let text = progress_text([("bans", "Checking"), ("queue", "3 of 5")]);
/// assert_eq!(text, "bans: Checking\nqueue: 3 of 5\n");
/// ```
pub fn progress_text<'a>(unfinished: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    unfinished.into_iter().fold(String::new(), |mut text, (resource, message)| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{resource}: {message}");
        text
    })
}
