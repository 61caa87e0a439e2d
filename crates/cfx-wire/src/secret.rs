//! Passwords and operators' tokens.

/// Whether both are the same, in a time that tells nothing of where they differ (SPEC SEC-11); it
/// does tell whether their lengths do.
///
/// ```
/// assert!(cfx_wire::secret::same(b"s3cret", b"s3cret"));
/// assert!(!cfx_wire::secret::same(b"s3cret", b"s3creT"));
/// ```
pub fn same(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).fold(0, |seen, (a, b)| seen | (a ^ b));
    a.len() == b.len() && core::hint::black_box(differences) == 0
}
