//! The player's name, made presentable (SPEC HTTP-12).

/// The longest name that a server keeps, in bytes.
const MAX_NAME: usize = 200;

/// The name that a server gives a player: the first 200 bytes, then made valid UTF-8 by
/// [`replace_invalid`]. The result can be longer than 200 bytes, as each replacement has three.
///
/// ```
/// use cfx_control::request::display_name;
/// assert_eq!(display_name(b"J\xc3\xb6rg \xff"), "J\u{f6}rg \u{fffd}");
/// ```
pub fn display_name(name: &[u8]) -> String {
    replace_invalid(&name[..name.len().min(MAX_NAME)])
}

/// Makes bytes valid UTF-8 as `utf8::replace_invalid` of utfcpp 4 does, which is not as
/// [`String::from_utf8_lossy`] does:
///
/// - a byte that begins nothing (a stray continuation byte, `F8` and above) is one U+FFFD;
/// - a sequence that lacks a continuation byte, is overlong, a surrogate or above U+10FFFF is one
///   U+FFFD together with every continuation byte that follows it, those too many included;
/// - a sequence that the end cuts off is one U+FFFD.
///
/// It never fails: the reference's refusal `Parsing name failed.` cannot be reached.
///
/// ```
/// use cfx_control::request::replace_invalid;
/// let overlong = b"\xc0\xaf\xaf!";
/// assert_eq!(replace_invalid(overlong), "\u{fffd}!");
/// assert_eq!(String::from_utf8_lossy(overlong), "\u{fffd}\u{fffd}\u{fffd}!");
/// ```
pub fn replace_invalid(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let error = match std::str::from_utf8(rest) {
            Ok(valid) => {
                out.push_str(valid);
                return out;
            }
            Err(error) => error,
        };
        let (valid, broken) = rest.split_at(error.valid_up_to());
        out.push_str(std::str::from_utf8(valid).unwrap_or_default());
        out.push(char::REPLACEMENT_CHARACTER);
        rest = &broken[broken_length(broken)..];
    }
}

/// How many bytes of `broken`, which begins with an invalid sequence, one replacement stands for.
fn broken_length(broken: &[u8]) -> usize {
    let begins_sequence = broken.first().is_some_and(|lead| matches!(lead, 0xC0..=0xF7));
    if !begins_sequence {
        return 1;
    }
    let trail = broken.iter().skip(1).take_while(|byte| matches!(byte, 0x80..=0xBF));
    1 + trail.count()
}
