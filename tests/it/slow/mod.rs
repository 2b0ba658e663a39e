//! What takes minutes, and programs that not everyone has: images on other bases, Compose, Kubernetes' manifests, podman, a swarm,
//! other architectures, old compilers, releases. `make test-slow` and `make test-engines` run these.

mod architectures;
mod compose;
mod examples;
mod image;
mod kubernetes;
mod licenses;
mod nomad;
mod plain;
mod podman;
mod registry;
mod release;
mod sealed;
mod sidecar;
mod swarm;
mod workflows;
