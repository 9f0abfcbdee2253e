# Two commands do all the set-up: `make demo` runs the main job on the bundled example, `make test` passes the tests.
# CARGO_TARGET_DIR defaults to ~/.cache/headroom-target (in scripts/cargo), so that fresh clones share one build.

.PHONY: demo test lint docs example bench

demo:
	@scripts/cargo run --release --quiet -- run --project .

test:
	@scripts/cargo test --release

lint:
	@scripts/cargo fmt --check
	@scripts/cargo clippy --release --all-targets -- -D warnings

docs:
	@RUSTDOCFLAGS="-D warnings" scripts/cargo doc --release --no-deps

bench:
	@scripts/cargo bench
