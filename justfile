# Short names for what CONTRIBUTING.md asks for; each line only calls cargo.

# All that has to pass before a change is ready.
ready: fmt lint test docs-check tidy

fmt:
    cargo fmt --all

lint:
    cargo clippy --workspace --all-targets --all-features -- -D warnings

test:
    cargo test --workspace --all-features

docs:
    cargo xtask docs

docs-check:
    cargo xtask docs --check

tidy:
    cargo xtask tidy

bench:
    cargo xtask bench
