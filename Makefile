.PHONY: dist demo test soak test-slow test-engines fuzz answers reproduce miri image release bench bench-node docs clean

SHELL := /bin/bash
# Where PATH has no cargo that works, that of scripts/dist.
with_rust := source scripts/toolchain && find_rust &&

dist:
	scripts/dist

# Builds the small binary alone, unless lprobe-full is there: that one takes a minute more.
demo:
	scripts/dist $(if $(wildcard dist/lprobe-full),,lprobe)
	@$(MAKE) --no-print-directory target/demo-server
	scripts/demo

# The tests that measure time run alone. What is in slow/ takes minutes.
test: dist target/demo-server
	scripts/test

# The same, RUNS times beside `stress`: whether a test fails by chance. Some hours.
soak: dist target/demo-server
	scripts/soak

# Images, Compose, Kubernetes, other processors, releases: what takes minutes, one after the other, since some build dist/.
test-slow: dist target/demo-server
	$(with_rust) LPROBE_BINARY=dist/lprobe cargo test --locked --test it -- --ignored --test-threads=1 slow:: $(addprefix --skip ,$(ENGINES))

# What waits for the intervals of an engine or an orchestrator, again and again: too long for CI.
ENGINES := slow::podman:: slow::swarm:: slow::sidecar:: slow::sealed::a_thousand
test-engines: dist target/demo-server
	$(with_rust) LPROBE_BINARY=dist/lprobe cargo test --locked --test it -- --ignored --test-threads=1 $(ENGINES)

# Each target of fuzz/ for FUZZ_SECONDS, 60 unless told otherwise.
fuzz:
	scripts/fuzz

# Made-up answers, each judged by lprobe's code and by a second reading: ANSWERS of them, ten million unless told otherwise,
# by SEED, 1 unless told otherwise. ANSWER=N shows one.
answers:
	scripts/answers

# Whether the same source makes the same bytes, wherever it is built: some minutes.
reproduce:
	scripts/reproduce

# The unsafe code, where memory is watched.
miri:
	scripts/miri

# lprobe:VERSION and lprobe:VERSION-full, on the engine.
image: dist
	scripts/image

# What is published of a version, into dist/release: for every processor, or for those in LPROBE_PROCESSORS, by the names of
# `uname -m`, some minutes for each.
release:
	source scripts/toolchain && for arch in $$(list_processors); do ARCH=$$arch scripts/dist || exit; done
	scripts/release

# Tables and a chart, into docs/.
bench: dist
	benches/bench.py

bench-node: dist target/demo-server
	benches/node.py

# The blocks of the pages that show help and tables of options, and the pictures.
docs: dist target/demo-server
	$(with_rust) cargo run --quiet --locked --target-dir target/render --features render --bin render docs
	scripts/modules
	scripts/pictures

clean:
	rm -rf target dist

# Static, so that it runs in an image FROM scratch.
target/demo-server: examples/demo-server.rs
	mkdir -p target
	$(with_rust) \
	rustc --edition 2024 -C opt-level=s -C strip=symbols -C target-feature=+crt-static -o $@ $<
