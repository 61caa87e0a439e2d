//! Tickets (SPEC TICKET). The cases sign with a key that everybody has; a server elsewhere refuses
//! such tickets, but must refuse them for the right reason.

use std::sync::PoisonError;

use cfx_control::texts::server as texts;
use cfx_control::ticket::{PublicKey, TicketExtra};
use cfx_session::server::Event;

use crate::case::Level::{Must, Should};
use crate::case::{Case, Outcome, check, failed, same, skipped};
use crate::target::Target;
use crate::tools::game::{Admitted, Knock, enter, init_connect_fields, knock};
use crate::tools::http;
use crate::tools::ticket::{
    SIGNATURE, asking, flip, knowing, now, own, present, present_text, set, test_public_key,
    ticket, watching,
};

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "ticket.good.joins",
        requirement: "TICKET-2",
        level: Must,
        about: "a client with a ticket that is signed, current and its own is admitted and joins",
        run: |target| Box::pin(good(target)),
    },
    Case {
        id: "ticket.good.identifiers",
        requirement: "TICKET-9",
        level: Must,
        about: "the player's identifiers are license: and the hash in hex, those of tk, and ip:",
        run: |target| Box::pin(identifiers(target)),
    },
    Case {
        id: "ticket.none.refused",
        requirement: "TICKET-1",
        level: Must,
        about: "initConnect without cfxTicket2 is refused where sv_lan is not set",
        run: |target| Box::pin(none(target)),
    },
    Case {
        id: "ticket.none.lan",
        requirement: "TICKET-1",
        level: Must,
        about: "under sv_lan a ticket is not looked at",
        run: |target| Box::pin(lan(target)),
    },
    Case {
        id: "ticket.layout.not-base64",
        requirement: "TICKET-7",
        level: Must,
        about: "a ticket that is not base64 is refused as unreadable",
        run: |target| Box::pin(not_base64(target)),
    },
    Case {
        id: "ticket.layout.short",
        requirement: "TICKET-3",
        level: Must,
        about: "a ticket of 151 bytes is refused for its length",
        run: |target| {
            Box::pin(bent(target, "Invalid ticket length.", |ticket| ticket.truncate(151)))
        },
    },
    Case {
        id: "ticket.layout.inner-length",
        requirement: "TICKET-3",
        level: Must,
        about: "a ticket whose first length is 17 is refused for it",
        run: |target| {
            Box::pin(bent(target, "Invalid ticket length. (2)", |ticket| set(ticket, 0, 17)))
        },
    },
    Case {
        id: "ticket.layout.signature-length",
        requirement: "TICKET-3",
        level: Must,
        about: "a ticket whose first signature's length is 127 is refused for it",
        run: |target| {
            Box::pin(bent(target, "Invalid signature length.", |ticket| set(ticket, 20, 127)))
        },
    },
    Case {
        id: "ticket.content.expired",
        requirement: "TICKET-3",
        level: Must,
        about: "a ticket that expired a minute ago is refused",
        run: |target| Box::pin(expired(target)),
    },
    Case {
        id: "ticket.content.other-guid",
        requirement: "TICKET-3",
        level: Must,
        about: "a ticket for another guid is refused",
        run: |target| Box::pin(other_guid(target)),
    },
    Case {
        id: "ticket.content.order",
        requirement: "TICKET-3",
        level: Must,
        about: "of a ticket that is expired, for another guid and badly signed the expiry is told",
        run: |target| Box::pin(order(target)),
    },
    Case {
        id: "ticket.content.reused",
        requirement: "TICKET-5",
        level: Must,
        about: "a ticket that let a client in is refused the second time",
        run: |target| Box::pin(reused(target)),
    },
    Case {
        id: "ticket.content.unsigned-copy",
        requirement: "TICKET-10",
        level: Should,
        about: "a badly signed copy of a ticket, sent first, does not use the ticket up",
        run: |target| Box::pin(unsigned_copy(target)),
    },
    Case {
        id: "ticket.signature.bent",
        requirement: "TICKET-3",
        level: Must,
        about: "a ticket with one bit of its first signature changed is refused",
        run: |target| Box::pin(bad_signature(target)),
    },
    Case {
        id: "ticket.signature.other-key",
        requirement: "TICKET-3",
        level: Must,
        about: "a ticket signed by another key than the server's is refused",
        run: |target| Box::pin(other_key(target)),
    },
    Case {
        id: "ticket.signature.key-asked-once",
        requirement: "TICKET-6",
        level: Must,
        about: "bad signatures within 5 minutes make the server fetch the key no second time",
        run: |target| Box::pin(key_asked_once(target)),
    },
    Case {
        id: "ticket.signature.no-key",
        requirement: "TICKET-7",
        level: Must,
        about: "while the key cannot be fetched tickets are refused for that",
        run: |target| Box::pin(no_key(target)),
    },
    Case {
        id: "ticket.extra.missing",
        requirement: "TICKET-4",
        level: Must,
        about: "a ticket that ends behind its first signature is refused with (2)",
        run: |target| Box::pin(bent(target, "(2)", |ticket| ticket.truncate(24 + SIGNATURE))),
    },
    Case {
        id: "ticket.extra.length",
        requirement: "TICKET-11",
        level: Must,
        about: "a ticket whose extra length goes far past its end is refused with (2)",
        run: |target| Box::pin(bent(target, "(2)", |ticket| set(ticket, 152, u32::MAX))),
    },
    Case {
        id: "ticket.extra.cut",
        requirement: "TICKET-11",
        level: Must,
        about: "a ticket that is cut off inside its second signature is refused with (2)",
        run: |target| Box::pin(bent(target, "(2)", |ticket| ticket.truncate(ticket.len() - 60))),
    },
    Case {
        id: "ticket.extra.signature-length",
        requirement: "TICKET-4",
        level: Must,
        about: "a ticket whose second signature's length is 64 is refused with (2)",
        run: |target| {
            Box::pin(bent(target, "(2)", |ticket| {
                let at = ticket.len() - SIGNATURE - 4;
                set(ticket, at, 64);
            }))
        },
    },
    Case {
        id: "ticket.extra.signature",
        requirement: "TICKET-4",
        level: Must,
        about: "a ticket with one bit of its extra data changed is refused with (2)",
        run: |target| Box::pin(bent(target, "(2)", |ticket| flip(ticket, 160))),
    },
    Case {
        id: "ticket.extra.trailing",
        requirement: "TICKET-4",
        level: Must,
        about: "a ticket with a byte behind its second signature is refused with (2)",
        run: |target| Box::pin(bent(target, "(2)", |ticket| ticket.push(0))),
    },
    Case {
        id: "ticket.claims.other-game",
        requirement: "TICKET-8",
        level: Must,
        about: "a ticket whose gn is another game is refused with (3)",
        run: |target| {
            Box::pin(claims(target, r#"{"gn":"rdr3","si":"conformance"}"#, texts::TICKET_GAME))
        },
    },
    Case {
        id: "ticket.claims.no-extra",
        requirement: "TICKET-8",
        level: Must,
        about: "a ticket without extra data is good as far as its signatures, and refused with (3)",
        run: |target| Box::pin(no_extra(target)),
    },
    Case {
        id: "ticket.claims.no-game",
        requirement: "TICKET-8",
        level: Must,
        about: "a ticket without gn, though with the right si, is refused with (3)",
        run: |target| Box::pin(claims(target, r#"{"si":"conformance"}"#, texts::TICKET_GAME)),
    },
    Case {
        id: "ticket.claims.no-json",
        requirement: "TICKET-8",
        level: Must,
        about: "a ticket whose claims are no JSON is refused with (3)",
        run: |target| Box::pin(claims(target, r#"{"gn":"gta5""#, texts::TICKET_GAME)),
    },
    Case {
        id: "ticket.claims.other-server",
        requirement: "TICKET-8",
        level: Must,
        about: "a ticket whose si is another server is refused with (4)",
        run: |target| {
            Box::pin(claims(target, r#"{"gn":"gta5","si":"other"}"#, texts::TICKET_SERVER))
        },
    },
    Case {
        id: "ticket.claims.si-number",
        requirement: "TICKET-8",
        level: Must,
        about: "a ticket whose si is no string is refused with (4)",
        run: |target| Box::pin(claims(target, r#"{"gn":"gta5","si":1}"#, texts::TICKET_SERVER)),
    },
    Case {
        id: "ticket.refused.no-record",
        requirement: "TICKET-11",
        level: Must,
        about: "a client that was refused for its ticket leaves no record behind",
        run: |target| Box::pin(no_record(target)),
    },
];

fn admitted(knock: Knock) -> Outcome<Admitted> {
    match knock {
        Knock::Admitted(admitted) => Ok(admitted),
        Knock::Refused(text) => Err(failed("admission", format!("the error {text:?}"))),
    }
}

/// Checks that a ticket was refused with this text.
fn refused(knock: Knock, text: &str) -> Outcome {
    match knock {
        Knock::Refused(error) => same("the error", text, &error),
        Knock::Admitted(_) => Err(failed(format!("the error {text:?}"), "admission")),
    }
}

/// Checks that a ticket was refused by a check of SPEC TICKET-7's table.
fn failed_check(knock: Knock, check: &str) -> Outcome {
    refused(knock, &texts::ticket_failed(check))
}

async fn good(target: &Target) -> Outcome {
    let own = own(target, knowing(test_public_key()?))?;
    let guid = own.target.guid();
    let knock = present(&own.target, &guid, &ticket(&guid, |_| ())?).await?;
    enter(&own.target, &admitted(knock)?).await.map(drop)
}

async fn no_extra(target: &Target) -> Outcome {
    let own = own(target, knowing(test_public_key()?))?;
    let guid = own.target.guid();
    let ticket = ticket(&guid, |mint| mint.extra = TicketExtra::default())?;
    refused(present(&own.target, &guid, &ticket).await?, texts::TICKET_GAME)
}

async fn identifiers(target: &Target) -> Outcome {
    let (application, seen) = watching(Some(test_public_key()?));
    let own = own(target, application)?;
    let guid = own.target.guid();
    admitted(present(&own.target, &guid, &ticket(&guid, |_| ())?).await?)?;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let found = seen.iter().find_map(|event| match event {
        Event::Connecting { identifiers, .. } => Some(identifiers.clone()),
        _ => None,
    });
    let found = found.unwrap_or_default();
    let expected =
        ["license:a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3", "live:1", "discord:2", "ip:127.0.0.1"];
    check(found == expected, format!("{expected:?}"), || format!("{found:?}"))
}

async fn none(target: &Target) -> Outcome {
    let asking = asking(target).await?;
    let guid = target.guid();
    let knock = knock(asking.target(), &guid, &init_connect_fields(&guid)).await?;
    refused(knock, texts::NO_TICKET)
}

async fn lan(target: &Target) -> Outcome {
    let guid = target.guid();
    match knock(target, &guid, &init_connect_fields(&guid)).await? {
        Knock::Admitted(_) => {}
        Knock::Refused(text) => return Err(skipped(format!("the target refuses players: {text}"))),
    }
    let guid = target.guid();
    admitted(present_text(target, &guid, "no ticket at all!").await?).map(drop)
}

async fn not_base64(target: &Target) -> Outcome {
    let asking = asking(target).await?;
    let guid = target.guid();
    let knock = present_text(asking.target(), &guid, "no ticket at all!").await?;
    let expected = "the error \"Parsing error while verifying ticket. …\"";
    match knock {
        Knock::Refused(text) => {
            let holds = text.starts_with("Parsing error while verifying ticket. ");
            check(holds, expected, || format!("{text:?}"))
        }
        Knock::Admitted(_) => Err(failed(expected, "admission")),
    }
}

/// Changes the bytes of a good ticket and checks what it is refused for.
async fn bent(target: &Target, text: &str, bend: impl Fn(&mut Vec<u8>)) -> Outcome {
    let asking = asking(target).await?;
    let after_signature = text == "(2)";
    if after_signature && asking.own.is_none() {
        return Err(skipped("needs a server that trusts the test key"));
    }
    let guid = target.guid();
    let mut ticket = ticket(&guid, |_| ())?;
    bend(&mut ticket);
    failed_check(present(asking.target(), &guid, &ticket).await?, text)
}

async fn expired(target: &Target) -> Outcome {
    let asking = asking(target).await?;
    let guid = target.guid();
    let ticket = ticket(&guid, |mint| mint.expiry = now() - 60)?;
    let text = "Ticket expired. Please check your server's system time.";
    failed_check(present(asking.target(), &guid, &ticket).await?, text)
}

async fn other_guid(target: &Target) -> Outcome {
    let asking = asking(target).await?;
    let guid = target.guid();
    let ticket = ticket(&guid, |mint| mint.guid += 1)?;
    failed_check(present(asking.target(), &guid, &ticket).await?, "Mismatching GUID.")
}

async fn order(target: &Target) -> Outcome {
    let asking = asking(target).await?;
    let guid = target.guid();
    let mut ticket = ticket(&guid, |mint| {
        mint.expiry = 1;
        mint.guid += 1;
    })?;
    flip(&mut ticket, 30);
    let text = "Ticket expired. Please check your server's system time.";
    failed_check(present(asking.target(), &guid, &ticket).await?, text)
}

async fn reused(target: &Target) -> Outcome {
    let own = own(target, knowing(test_public_key()?))?;
    let guid = own.target.guid();
    let ticket = ticket(&guid, |_| ())?;
    admitted(present(&own.target, &guid, &ticket).await?)?;
    failed_check(present(&own.target, &guid, &ticket).await?, "Reused ticket.")
}

async fn unsigned_copy(target: &Target) -> Outcome {
    let own = own(target, knowing(test_public_key()?))?;
    let guid = own.target.guid();
    let ticket = ticket(&guid, |_| ())?;
    let mut copy = ticket.clone();
    flip(&mut copy, 30);
    failed_check(present(&own.target, &guid, &copy).await?, "Invalid ticket signature.")?;
    admitted(present(&own.target, &guid, &ticket).await?).map(drop)
}

async fn bad_signature(target: &Target) -> Outcome {
    let asking = asking(target).await?;
    let guid = target.guid();
    let mut ticket = ticket(&guid, |_| ())?;
    flip(&mut ticket, 24 + SIGNATURE - 1);
    bad_signature_told(present(asking.target(), &guid, &ticket).await?)
}

/// The reference fetches an old key anew and then takes the ticket for a used one (TICKET-6).
fn bad_signature_told(knock: Knock) -> Outcome {
    match &knock {
        Knock::Refused(text) if *text == texts::ticket_failed("Reused ticket.") => Ok(()),
        _ => failed_check(knock, "Invalid ticket signature."),
    }
}

async fn other_key(target: &Target) -> Outcome {
    // Any odd number of 1024 bits: nothing is signed with it.
    let key = PublicKey::from_components(&[0xC7; SIGNATURE], &[1, 0, 1]);
    let key = key.map_err(|error| skipped(error.to_string()))?;
    let own = own(target, knowing(key))?;
    let guid = own.target.guid();
    let ticket = ticket(&guid, |_| ())?;
    failed_check(present(&own.target, &guid, &ticket).await?, "Invalid ticket signature.")
}

async fn key_asked_once(target: &Target) -> Outcome {
    let (application, seen) = watching(Some(test_public_key()?));
    let own = own(target, application)?;
    for _ in 0..3 {
        let guid = own.target.guid();
        let mut ticket = ticket(&guid, |_| ())?;
        flip(&mut ticket, 30);
        failed_check(present(&own.target, &guid, &ticket).await?, "Invalid ticket signature.")?;
    }
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = seen.iter().filter(|event| matches!(event, Event::TicketKeyWanted)).count();
    check(asked == 1, "one request for the key", || asked.to_string())
}

async fn no_key(target: &Target) -> Outcome {
    let (application, _) = watching(None);
    let own = own(target, application)?;
    for _ in 0..2 {
        let guid = own.target.guid();
        let ticket = ticket(&guid, |_| ())?;
        refused(present(&own.target, &guid, &ticket).await?, texts::KEY_FAILED)?;
    }
    Ok(())
}

async fn claims(target: &Target, json: &str, text: &str) -> Outcome {
    let own = own(target, knowing(test_public_key()?))?;
    let guid = own.target.guid();
    let ticket = ticket(&guid, |mint| mint.extra.extra_json = Some(json.as_bytes().to_vec()))?;
    refused(present(&own.target, &guid, &ticket).await?, text)
}

async fn no_record(target: &Target) -> Outcome {
    let own = own(target, knowing(test_public_key()?))?;
    let guid = own.target.guid();
    let ticket = ticket(&guid, |mint| mint.guid += 1)?;
    failed_check(present(&own.target, &guid, &ticket).await?, "Mismatching GUID.")?;
    // The manifest would be given by address alone to a client that is known.
    http::refused(&own.target, b"method=getConfiguration", texts::NOT_A_CLIENT).await
}
