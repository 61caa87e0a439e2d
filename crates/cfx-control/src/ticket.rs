//! Tickets: how a key service vouches for a player (`cfxTicket2`, SPEC TICKET-1 to TICKET-9).
//!
//! A ticket is base64 of this, all integers little-endian:
//!
//! | offset | bytes | content |
//! |---|---|---|
//! | 0 | 4 | 16: the length of the next two fields |
//! | 4 | 8 | the guid of the client that it is for |
//! | 12 | 8 | when it expires, in seconds since 1970 |
//! | 20 | 4 | 128: the length of the first signature |
//! | 24 | 128 | the first signature, over bytes 4 to 20 |
//! | 152 | 4 | the length `n` of the extra data |
//! | 156 | `n` | 20 bytes entitlement hash, u32 length, JSON; any of it may be missing |
//! | 156+n | 4 | 128: the length of the second signature |
//! | 160+n | 128 | the second signature, over everything from byte 4 to byte 156+n |
//!
//! A signature is RSA PKCS#1 v1.5 with SHA-1 of the message `02` followed by the SHA-1 of the range
//! that is signed. Reference: `InitConnectMethod.cpp`, `VerifyTicket` and `VerifyTicketEx`.
//!
//! The checks go in this order (SPEC TICKET-3), with the server's own between them:
//!
//! ```
//! use cfx_control::ticket::{PublicKey, Ticket, TicketError, TicketExtra};
//!
//! fn verify(
//!     field: &[u8],
//!     guid: u64,
//!     now: u64,
//!     key: &PublicKey,
//!     mut first_use: impl FnMut((u64, u64)) -> bool,
//! ) -> Result<TicketExtra, TicketError> {
//!     let ticket = Ticket::decode(field)?;
//!     ticket.check(guid, now)?;
//!     if !first_use(ticket.key()) {
//!         return Err(TicketError::Reused);
//!     }
//!     ticket.verify(key)?;
//!     ticket.verify_extra(key)
//! }
//! ```

use sha1::{Digest, Sha1};

use crate::texts::server;

mod base64;
mod extra;
mod key;
#[cfg(feature = "mint")]
pub mod mint;

pub use base64::Base64Error;
pub use extra::{Claims, TicketExtra};
pub use key::{KeyError, PublicKey};

/// The length of guid and expiry.
const INNER: usize = 16;
/// The length of a signature: the key has 1024 bits.
const SIGNATURE: usize = 128;
/// Where the first signature ends.
const FIRST_END: usize = 24 + SIGNATURE;
/// Where the extra data begins.
const EXTRA: usize = FIRST_END + 4;

/// A ticket whose layout is good so far, and of whose content nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// At least [`FIRST_END`] bytes.
    data: Vec<u8>,
    guid: u64,
    expiry: u64,
}

/// Why a ticket is refused, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketError {
    /// Not base64.
    InvalidBase64(Base64Error),
    /// Too short for guid, expiry and signature.
    InvalidLength,
    /// Guid and expiry have another length than 16.
    InvalidInnerLength,
    /// Expired before this second.
    Expired,
    /// For another client.
    MismatchingGuid,
    /// Seen before: for the keeper of used tickets to say.
    Reused,
    /// The first signature has another length than 128.
    InvalidSignatureLength,
    /// The first signature is not the key's.
    InvalidSignature,
    /// The second part is cut off or its lengths are wrong.
    InvalidExtra,
    /// The second signature is not the key's.
    InvalidExtraSignature,
}

impl TicketError {
    /// The error's name in vectors and reports.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::InvalidBase64(_) => "invalid_base64",
            Self::InvalidLength => "invalid_length",
            Self::InvalidInnerLength => "invalid_inner_length",
            Self::Expired => "expired",
            Self::MismatchingGuid => "mismatching_guid",
            Self::Reused => "reused",
            Self::InvalidSignatureLength => "invalid_signature_length",
            Self::InvalidSignature => "invalid_signature",
            Self::InvalidExtra => "invalid_extra",
            Self::InvalidExtraSignature => "invalid_extra_signature",
        }
    }

    /// The `error` that the server answers (SPEC TICKET-7).
    pub fn text(self) -> String {
        let check = match self {
            Self::InvalidBase64(error) => return server::ticket_unreadable(&error.to_string()),
            Self::InvalidLength => "Invalid ticket length.",
            Self::InvalidInnerLength => "Invalid ticket length. (2)",
            Self::Expired => "Ticket expired. Please check your server's system time.",
            Self::MismatchingGuid => "Mismatching GUID.",
            Self::Reused => "Reused ticket.",
            Self::InvalidSignatureLength => "Invalid signature length.",
            Self::InvalidSignature => "Invalid ticket signature.",
            Self::InvalidExtra | Self::InvalidExtraSignature => "(2)",
        };
        server::ticket_failed(check)
    }
}

impl std::fmt::Display for TicketError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

impl std::error::Error for TicketError {}

impl Ticket {
    /// Decodes the `cfxTicket2` field, up to the lengths that come before any other check.
    ///
    /// Base64 is read as the reference's library (Botan 2.19) does. Spaces, tabs and line ends are
    /// skipped; so is `=`, wherever it stands, save that none may follow a group of four digits that
    /// is complete at the end of the text. Padding may be missing, and what is left over of the last
    /// digits' bits is not looked at.
    ///
    /// # Errors
    /// [`TicketError::InvalidBase64`], [`TicketError::InvalidLength`],
    /// [`TicketError::InvalidInnerLength`].
    pub fn decode(field: &[u8]) -> Result<Self, TicketError> {
        let data = base64::decode(field).map_err(TicketError::InvalidBase64)?;
        if data.len() < FIRST_END {
            return Err(TicketError::InvalidLength);
        }
        if length_at(&data, 0) != Some(INNER) {
            return Err(TicketError::InvalidInnerLength);
        }
        let number = |at| array_at(&data, at).map(u64::from_le_bytes);
        let (Some(guid), Some(expiry)) = (number(4), number(12)) else {
            return Err(TicketError::InvalidLength);
        };
        Ok(Self { data, guid, expiry })
    }

    /// Checks the ticket's time and its client.
    ///
    /// `guid` is the number in the `guid` field, `now` the time in seconds since 1970. A ticket is
    /// good up to and in the second of its expiry.
    ///
    /// # Errors
    /// [`TicketError::Expired`], [`TicketError::MismatchingGuid`].
    pub const fn check(&self, guid: u64, now: u64) -> Result<(), TicketError> {
        if self.expiry < now {
            return Err(TicketError::Expired);
        }
        if self.guid != guid {
            return Err(TicketError::MismatchingGuid);
        }
        Ok(())
    }

    /// Expiry and guid: what may be used but once (SPEC TICKET-5). The check stands between
    /// [`check`](Self::check) and [`verify`](Self::verify), so that an unsigned ticket uses it up too.
    pub const fn key(&self) -> (u64, u64) {
        (self.expiry, self.guid)
    }

    /// Checks the first signature.
    ///
    /// # Errors
    /// [`TicketError::InvalidSignatureLength`], [`TicketError::InvalidSignature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), TicketError> {
        if length_at(&self.data, 4 + INNER) != Some(SIGNATURE) {
            return Err(TicketError::InvalidSignatureLength);
        }
        let signed = self.data.get(4..4 + INNER).unwrap_or_default();
        let signature = self.data.get(8 + INNER..FIRST_END).unwrap_or_default();
        if key.verifies(signed, signature) { Ok(()) } else { Err(TicketError::InvalidSignature) }
    }

    /// Checks the second signature and takes the extra data (SPEC TICKET-4).
    ///
    /// The signed range ends 132 bytes before the ticket's end, so that a ticket with bytes after its
    /// second signature fails. The reference reads past the end of a ticket that is cut off inside its
    /// second signature; here that is an error.
    ///
    /// # Errors
    /// [`TicketError::InvalidExtra`], [`TicketError::InvalidExtraSignature`].
    pub fn verify_extra(&self, key: &PublicKey) -> Result<TicketExtra, TicketError> {
        let (extra, signature) = self.extra().ok_or(TicketError::InvalidExtra)?;
        let signed = self.data.get(4..self.data.len() - SIGNATURE - 4).unwrap_or_default();
        if !key.verifies(signed, signature) {
            return Err(TicketError::InvalidExtraSignature);
        }
        Ok(TicketExtra::read(extra))
    }

    /// The extra data and the signature after it.
    fn extra(&self) -> Option<(&[u8], &[u8])> {
        let rest = self.data.get(EXTRA..)?;
        let (extra, rest) = rest.split_at_checked(length_at(&self.data, FIRST_END)?)?;
        let signature = rest.get(4..4 + SIGNATURE)?;
        (length_at(rest, 0)? == SIGNATURE).then_some((extra, signature))
    }
}

/// The message that stands for signed bytes.
fn message(signed: &[u8]) -> Vec<u8> {
    let mut message = vec![2];
    message.extend(Sha1::digest(signed));
    message
}

fn array_at<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..)?.first_chunk().copied()
}

fn length_at(data: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(array_at(data, at)?)).ok()
}
