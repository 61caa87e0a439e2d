# Everything that CI does, and what one runs by hand. `just` alone lists it.

no_std := "cfx-wire cfx-oob cfx-game cfx-onesync"

_list:
    @just --list --unsorted

# All of what CI checks.
ci: format clippy test crowd doc no-std conformance deny

# The formatting is rustfmt's.
format:
    cargo fmt --all --check

# No warning of clippy's.
clippy:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# The README's test command.
test:
    cargo test --workspace --locked

# Two hundred clients under OneSync for a simulated minute, on a bad line.
crowd:
    cargo test --release --locked -p cfx-session --test onesync_crowd

# The documentation builds without warnings.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

# The README's other command: our server against every case.
conformance:
    cargo run --release --locked -p cfx-conformance

# The no_std crates build alone, and nothing below them has its `std` feature on.
no-std:
    #!/usr/bin/env bash
    set -euo pipefail
    for crate in {{no_std}}; do
        cargo build --locked -p "$crate" --no-default-features
        tree=$(cargo tree --locked -p "$crate" -e normal,features --no-default-features)
        if grep 'feature "std"' <<< "$tree"; then
            echo "$crate: a dependency has its std feature on" >&2
            exit 1
        fi
    done

# The no_std crates for a target without an operating system (rustup target add TARGET).
build-for TARGET:
    for crate in {{no_std}}; do cargo build --locked -p "$crate" --no-default-features --target {{TARGET}}; done

# Licences, bans and sources are as deny.toml says.
deny:
    cargo deny --locked check --hide-inclusion-graph bans licenses sources

# Known vulnerabilities too; fetches the advisory database.
advisories:
    cargo deny check advisories

# All benches; figures in docs/benches.md.
bench *ARGS:
    cargo bench -p cfx-benches {{ARGS}}

# Looks for bugs in TARGET with a fuzzer; docs/fuzzing.md has the targets (cargo install cargo-fuzz).
fuzz TARGET SECONDS:
    #!/usr/bin/env bash
    set -euo pipefail
    target={{TARGET}}
    mkdir -p "fuzz/corpus/$target" "fixtures/crashes/$target"
    # The bootstrap variable lets the stable toolchain take the sanitizer's flags.
    RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir fuzz "$target" \
        "fuzz/corpus/$target" "fixtures/seeds/$target" "fixtures/crashes/$target" -- \
        -dict="fixtures/seeds/${target%%_*}.dict" -max_len=4096 -timeout=10 -max_total_time={{SECONDS}}
