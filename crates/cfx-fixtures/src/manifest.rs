//! A content manifest of any size, for tests and benches: the same arguments give the same text.

use std::fmt::Write;

/// The size of the manifest of the recorded join, in bytes, with [`JOIN_RESOURCES`] resources.
pub const JOIN_BYTES: usize = 2_546_450;

/// How many resources the server of the recorded join had.
pub const JOIN_RESOURCES: usize = 333;

/// A manifest as the reference server writes it, without the CR LF behind it: `resources`
/// resources, and as many files in them as `bytes` bytes hold. It is at most `bytes` long (unless
/// the bare resources need more) and at most 400 bytes shorter.
///
/// Every resource has its packed file first; the rest are scripts and streamed models, some of
/// which have a header.
pub fn manifest_json(resources: usize, bytes: usize) -> String {
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    let mut text = String::with_capacity(bytes);
    text.push_str(r#"{"fileServer":"https://%s/files","resources":["#);
    for index in 0..resources {
        // The closing of the document, and this resource's share of what is left.
        let share = bytes.saturating_sub(text.len() + 2) / (resources - index);
        let end = text.len() + share;
        write_resource(&mut text, index, end, &mut noise);
    }
    text.push_str("]}");
    text
}

/// One resource, which ends at `end` at the latest if it fits.
fn write_resource(text: &mut String, index: usize, end: usize, noise: &mut Noise) {
    // More than the longest file needs, and the brackets behind the files.
    const LONGEST: usize = 250;
    // Half of the room for each table.
    let scripts_end = text.len() + end.saturating_sub(text.len()) / 2;
    let comma = if index == 0 { "" } else { "," };
    let packed = noise.sha1();
    put(text, format_args!(r#"{comma}{{"name":"resource_{index:03}","files":{{"#));
    put(text, format_args!(r#""resource.rpf":"{packed}""#));
    let mut file = 0;
    while text.len() + LONGEST < scripts_end {
        let hash = noise.sha1();
        put(text, format_args!(r#","stream/part_{file:04}/client_{file:04}.lua":"{hash}""#));
        file += 1;
    }
    text.push_str(r#"},"streamFiles":{"#);
    let mut first = true;
    while text.len() + LONGEST < end {
        if !first {
            text.push(',');
        }
        first = false;
        write_stream_file(text, file, noise);
        file += 1;
    }
    text.push_str("}}");
}

fn write_stream_file(text: &mut String, file: usize, noise: &mut Noise) {
    let hash = noise.sha1();
    let size = noise.next() % 16_000_000;
    put(text, format_args!(r#""prop_model_{file:04}.ydr":{{"hash":"{hash}","rscFlags":{size},"#));
    // Three of four have a header.
    let header = !noise.next().is_multiple_of(4);
    let version = if header { 165 } else { 0 };
    put(text, format_args!(r#""rscVersion":{version},"size":{size}"#));
    if header {
        let (virtual_pages, physical_pages) = (noise.next() >> 36, noise.next() >> 36);
        put(text, format_args!(r#","rscPagesVirtual":{virtual_pages}"#));
        put(text, format_args!(r#","rscPagesPhysical":{physical_pages},"e":false"#));
    }
    text.push('}');
}

fn put(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part).expect("a String takes everything");
}

/// Numbers without a pattern (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Forty hex digits.
    fn sha1(&mut self) -> String {
        format!("{:016x}{:016x}{:08x}", self.next(), self.next(), self.next() >> 32)
    }
}
