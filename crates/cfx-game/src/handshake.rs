//! Type 1: the first message of a client on the game channel and the server's answer, both on
//! channel 0, reliable. The directions share the type and nothing else.

/// Client to server: who is connecting.
pub mod c2s {
    use alloc::borrow::Cow;

    use bytes::BufMut;
    use cfx_wire::form::Form;
    use cfx_wire::{Decode, DecodeError, Encode, ErrorKind, Reader};

    use crate::frame::{MAX_PAYLOAD, MessageType, Payload};

    /// `token=<token>&guid=<guid>` (SPEC GAME-2; reference: `GameServer.cpp`, `ProcessPacket`).
    ///
    /// Read with the server's lenient form decoder, which never fails: a field that is missing is
    /// empty, others are ignored. [`from_slice_strict`](Decode::from_slice_strict) wants both,
    /// nothing else, and a well-formed form.
    ///
    /// Written as the client does: in this order, and nothing escaped, so that a token with `&` in
    /// it is read otherwise. Tokens are UUIDs and guids are decimal.
    ///
    /// ```
    /// use cfx_game::frame::Payload;
    /// use cfx_game::handshake::c2s::ConnectHandshake;
    /// let connect = ConnectHandshake::new(b"6f1c0b9e", b"148618792331476182");
    /// assert_eq!(connect.to_packet(), b"\x01\0\0\0token=6f1c0b9e&guid=148618792331476182");
    /// ```
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ConnectHandshake<'a> {
        /// The connection token that `initConnect` gave.
        pub token: Cow<'a, [u8]>,
        /// The client's guid in decimal; the server compares it as text.
        pub guid: Cow<'a, [u8]>,
    }

    impl<'a> ConnectHandshake<'a> {
        /// A handshake that borrows its fields.
        pub const fn new(token: &'a [u8], guid: &'a [u8]) -> Self {
            Self { token: Cow::Borrowed(token), guid: Cow::Borrowed(guid) }
        }
    }

    impl ConnectHandshake<'static> {
        /// The form's values, unescaped, in memory of their own.
        fn from_form(form: &Form<'_>) -> Self {
            let field = |key| Cow::Owned(form.get(key).unwrap_or_default().to_vec());
            Self { token: field("token"), guid: field("guid") }
        }
    }

    impl Payload for ConnectHandshake<'_> {
        const KIND: MessageType = MessageType::HANDSHAKE;
    }

    impl<'a> Decode<'a> for ConnectHandshake<'a> {
        const MIN_SIZE: usize = 0;
        const MAX_SIZE: usize = MAX_PAYLOAD;

        fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
            Ok(ConnectHandshake::from_form(&Form::decode(reader.rest())))
        }

        fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
            let form = Form::decode_strict(data)?;
            if !form.iter().map(|(key, _)| key).eq([&b"guid"[..], b"token"]) {
                let kind = ErrorKind::Malformed("other fields than token and guid");
                return Err(DecodeError::new("form", 0, kind));
            }
            Ok(ConnectHandshake::from_form(&form))
        }
    }

    impl Encode for ConnectHandshake<'_> {
        fn encoded_len(&self) -> usize {
            "token=&guid=".len() + self.token.len() + self.guid.len()
        }

        fn encode(&self, out: &mut impl BufMut) {
            out.put_slice(b"token=");
            out.put_slice(&self.token);
            out.put_slice(b"&guid=");
            out.put_slice(&self.guid);
        }
    }
}

/// Server to client: the client is in.
pub mod s2c {
    use alloc::format;
    use alloc::string::String;

    use bytes::BufMut;
    use cfx_wire::number::{atoi_clamped, strtol};
    use cfx_wire::{Decode, DecodeError, Encode, ErrorKind, Reader};

    use crate::frame::{HEADER_SIZE, MessageType, Payload};

    /// `connectOK`: ` <net id> <host net id> <host base> <slot id> <time>` (SPEC GAME-7, GAME-8).
    ///
    /// Read as the client does (SPEC GAME-12; reference: `NetLibraryImplV2.cpp`,
    /// `ProcessPacket`): the first byte is skipped, a NUL ends the text, spaces separate the
    /// fields, each is a number by the rules of the Windows C library, so that no digits are 0;
    /// without a slot or a time it is -1, and what follows is ignored.
    ///
    /// Two inputs are an error here where the reference has none: fewer than three fields, where it
    /// follows a null pointer, and a packet of 8192 bytes or more, where it writes past its buffer.
    ///
    /// [`from_slice_strict`](Decode::from_slice_strict) accepts what a server writes, to the byte.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ConnectOk {
        /// The client's net id: 1 to 65534.
        pub net_id: i32,
        /// The host's net id; -1 without a host, as always under `OneSync`.
        pub host_net_id: i32,
        /// What the host was chosen by; -1 without a host.
        pub host_base: i32,
        /// The client's slot; -1 without `OneSync`, 128 (gta5) or 16 (rdr3) in big mode.
        pub slot_id: i32,
        /// The server's time in milliseconds; -1 without `OneSync`.
        pub server_time: i64,
    }

    impl ConnectOk {
        /// The net id as the client keeps it: the low 16 bits.
        pub const fn net_id_u16(self) -> u16 {
            low_16(self.net_id)
        }

        /// The host's net id as the client keeps it: 65535 without a host.
        pub const fn host_net_id_u16(self) -> u16 {
            low_16(self.host_net_id)
        }

        /// The slot as the client keeps it: 65535 without `OneSync`.
        pub const fn slot_id_u16(self) -> u16 {
            low_16(self.slot_id)
        }

        fn text(self) -> String {
            let Self { net_id, host_net_id, host_base, slot_id, server_time } = self;
            format!(" {net_id} {host_net_id} {host_base} {slot_id} {server_time}")
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the client keeps 16 bits")]
    const fn low_16(id: i32) -> u16 {
        id.cast_unsigned() as u16
    }

    impl Payload for ConnectOk {
        const KIND: MessageType = MessageType::HANDSHAKE;
    }

    impl<'a> Decode<'a> for ConnectOk {
        /// A skipped byte and the two spaces around an empty second field.
        const MIN_SIZE: usize = 3;
        /// The client's buffer has 8192 bytes, for the type, this and a NUL.
        const MAX_SIZE: usize = 8192 - HEADER_SIZE - 1;

        fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
            reader.u8("separator")?;
            let text = reader.rest().split(|byte| *byte == 0).next().unwrap_or_default();
            let mut fields = text.splitn(5, |byte| *byte == b' ');
            let (Some(net_id), Some(host_net_id), Some(host_base)) =
                (fields.next(), fields.next(), fields.next())
            else {
                return Err(reader.error("fields", ErrorKind::Malformed("fewer than three")));
            };
            Ok(Self {
                net_id: atoi_clamped(net_id),
                host_net_id: atoi_clamped(host_net_id),
                host_base: atoi_clamped(host_base),
                slot_id: fields.next().map_or(-1, atoi_clamped),
                server_time: fields.next().map_or(-1, strtol),
            })
        }

        fn from_slice_strict(data: &'a [u8]) -> Result<Self, DecodeError> {
            let ok = Self::from_slice(data)?;
            if ok.text().as_bytes() != data {
                let kind = ErrorKind::Malformed("not five plain numbers, a space before each");
                return Err(DecodeError::new("fields", 0, kind));
            }
            Ok(ok)
        }
    }

    impl Encode for ConnectOk {
        fn encoded_len(&self) -> usize {
            self.text().len()
        }

        fn encode(&self, out: &mut impl BufMut) {
            out.put_slice(self.text().as_bytes());
        }
    }
}
