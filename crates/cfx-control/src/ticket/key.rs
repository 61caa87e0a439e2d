//! The key service's public key.

use rsa::pkcs1::{DecodeRsaPublicKey, EncodeRsaPublicKey};
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use serde::Deserialize;
use sha1::{Digest, Sha1};

use super::base64;

/// The key with which tickets are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(RsaPublicKey);

/// A key that cannot be read. A server that has no other key answers
/// [`crate::texts::server::KEY_FAILED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyError;

impl std::fmt::Display for KeyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not an RSA public key")
    }
}

impl std::error::Error for KeyError {}

impl PublicKey {
    /// The key of modulus `n` and exponent `e`, both big-endian. Moduli of more than 4096 bits are
    /// refused; only one of 1024 bits verifies tickets.
    ///
    /// # Errors
    /// When they make no key.
    pub fn from_components(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let key = RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e));
        key.map(Self).map_err(|_| KeyError)
    }

    /// The key as the key service sends it: base64 of a PKCS#1 `RSAPublicKey` in DER.
    ///
    /// # Errors
    /// When the text is something else. Unlike the reference, bytes after the DER are an error.
    pub fn from_pkcs1_der_base64(text: &str) -> Result<Self, KeyError> {
        let der = base64::decode(text.as_bytes()).map_err(|_| KeyError)?;
        RsaPublicKey::from_pkcs1_der(&der).map(Self).map_err(|_| KeyError)
    }

    /// Reads the key service's answer: `{"key":…}` with the text of
    /// [`from_pkcs1_der_base64`](Self::from_pkcs1_der_base64).
    ///
    /// # Errors
    /// When the answer is something else.
    pub fn from_answer(answer: &str) -> Result<Self, KeyError> {
        #[derive(Deserialize)]
        struct Answer {
            key: String,
        }
        let answer: Answer = serde_json::from_str(answer).map_err(|_| KeyError)?;
        Self::from_pkcs1_der_base64(&answer.key)
    }

    /// The text for [`from_pkcs1_der_base64`](Self::from_pkcs1_der_base64).
    ///
    /// # Errors
    /// Never for a key that was read.
    pub fn to_pkcs1_der_base64(&self) -> Result<String, KeyError> {
        let der = self.0.to_pkcs1_der().map_err(|_| KeyError)?;
        Ok(base64::encode(der.as_bytes()))
    }

    /// Whether `signature` is this key's of `signed`.
    pub(super) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        let hashed = Sha1::digest(super::message(signed));
        self.0.verify(Pkcs1v15Sign::new::<Sha1>(), &hashed, signature).is_ok()
    }
}

#[cfg(feature = "mint")]
impl From<&rsa::RsaPrivateKey> for PublicKey {
    fn from(key: &rsa::RsaPrivateKey) -> Self {
        Self(key.to_public_key())
    }
}
