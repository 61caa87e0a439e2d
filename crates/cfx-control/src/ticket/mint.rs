//! Signs tickets: for tests, and for key services other than the reference's. Needs the feature
//! `mint`.

use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey};
use sha1::{Digest, Sha1};

use super::{INNER, SIGNATURE, TicketExtra, base64, message};

/// What a ticket is to say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mint {
    /// The client's guid.
    pub guid: u64,
    /// When the ticket expires, in seconds since 1970.
    pub expiry: u64,
    /// The player. JSON without an entitlement hash cannot be written: it is left out.
    pub extra: TicketExtra,
}

impl Mint {
    /// The `cfxTicket2` field.
    ///
    /// # Errors
    /// When the key cannot sign, or has not 1024 bits.
    ///
    /// ```
    /// use cfx_control::ticket::{Ticket, mint::{Mint, test_key}};
    /// let key = test_key()?;
    /// let field = Mint { guid: 7, expiry: 2_000_000_000, ..Mint::default() }.sign(&key)?;
    /// let ticket = Ticket::decode(field.as_bytes()).unwrap();
    /// assert_eq!(ticket.verify(&(&key).into()), Ok(()));
    /// # Ok::<_, rsa::Error>(())
    /// ```
    pub fn sign(&self, key: &RsaPrivateKey) -> rsa::Result<String> {
        let extra = self.extra_data();
        let mut ticket = Vec::new();
        put_length(&mut ticket, INNER);
        ticket.extend(self.guid.to_le_bytes());
        ticket.extend(self.expiry.to_le_bytes());
        let first = sign(key, &ticket[4..])?;
        put_length(&mut ticket, SIGNATURE);
        ticket.extend(first);
        put_length(&mut ticket, extra.len());
        ticket.extend(extra);
        let second = sign(key, &ticket[4..])?;
        put_length(&mut ticket, SIGNATURE);
        ticket.extend(second);
        Ok(base64::encode(&ticket))
    }

    fn extra_data(&self) -> Vec<u8> {
        let mut data = Vec::new();
        if let Some(hash) = self.extra.entitlement_hash {
            data.extend(hash);
            if let Some(json) = &self.extra.extra_json {
                put_length(&mut data, json.len());
                data.extend(json);
            }
        }
        data
    }
}

/// A key of 1024 bits that everybody has: for tests alone.
///
/// # Errors
/// Never: the numbers are good.
pub fn test_key() -> rsa::Result<RsaPrivateKey> {
    const P: &[u8] = b"f5dffe8e07ec47faae54750cbe7a02ac99e922e12d838180030da83cb76d4835f91aee69f95ee1caab9085f891d4107199dd8e47d9ceab3c2b1030d1ccb31a03";
    const Q: &[u8] = b"da782e3f0a317fc1dfd72caa963ab5bdc3ed3d7f42df7b0e801c9291c3a312c71da20b3ca218e6d7b902a9853799e9ad83d4feea5d81c5b9bf7432179e680c2b";
    let prime = |digits| BigUint::parse_bytes(digits, 16).ok_or(rsa::Error::InvalidPrime);
    RsaPrivateKey::from_p_q(prime(P)?, prime(Q)?, BigUint::from(65537u32))
}

fn sign(key: &RsaPrivateKey, signed: &[u8]) -> rsa::Result<Vec<u8>> {
    let signature = key.sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(message(signed)))?;
    if signature.len() == SIGNATURE { Ok(signature) } else { Err(rsa::Error::InvalidModulus) }
}

/// Lengths of what is in memory here are far below 2³².
fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}
