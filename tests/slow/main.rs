//! What takes minutes, and programs that not everyone has: images on other bases, Compose, Kubernetes' manifests, other
//! architectures, releases. `make test-slow` runs these.

mod compose;
mod examples;
mod image;
mod kubernetes;
#[path = "../support/mod.rs"]
mod support;
