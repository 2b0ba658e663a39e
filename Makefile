.PHONY: dist demo test test-slow fuzz reproduce miri image release bench bench-node clean

dist:
	scripts/dist

demo: dist target/demo-server
	scripts/demo

test: dist target/demo-server
	cargo test --locked --no-run
	scripts/contained cargo test --locked
	cargo test --locked --features full --no-run
	scripts/contained cargo test --locked --features full

# Images, Compose, Kubernetes, other processors, releases: what takes minutes, one after the other, since some build dist/.
test-slow: dist target/demo-server
	cargo test --locked --test slow -- --test-threads=1

# Each target of fuzz/ for FUZZ_SECONDS, 60 unless told otherwise.
fuzz:
	scripts/fuzz

# Whether the same source makes the same bytes, wherever it is built: some minutes.
reproduce:
	scripts/reproduce

# The unsafe code, where memory is watched.
miri:
	scripts/miri

# lprobe:VERSION and lprobe:VERSION-full, on the engine.
image: dist
	scripts/image

# What is published of a version, into dist/release.
release:
	ARCH=x86_64 scripts/dist
	ARCH=aarch64 scripts/dist
	scripts/release

# Tables and a chart, into docs/.
bench: dist
	benches/bench.py

bench-node: dist target/demo-server
	benches/node.py

clean:
	rm -rf target dist

# Static, so that it runs in an image FROM scratch.
target/demo-server: examples/demo-server.rs
	mkdir -p target
	rustc --edition 2024 -C opt-level=s -C strip=symbols -C target-feature=+crt-static -o $@ $<
