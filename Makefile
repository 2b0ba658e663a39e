.PHONY: dist demo test clean

dist:
	scripts/dist

demo: dist
	scripts/demo

test: dist
	cargo test --locked

clean:
	rm -rf target dist
