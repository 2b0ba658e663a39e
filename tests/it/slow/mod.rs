//! What takes minutes, and programs that not everyone has: images on other bases, Compose, Kubernetes' manifests, other
//! architectures, old compilers, releases. `make test-slow` runs these.

mod architectures;
mod compose;
mod examples;
mod image;
mod kubernetes;
mod licenses;
mod plain;
mod registry;
mod release;
mod workflows;
