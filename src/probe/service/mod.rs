//! The servers whose handshake is known, a file each. A new one is a file here and a line in the list.

pub use definition::Service;

mod definition;

/// Declares the services' modules and lists them, in the order of help.
macro_rules! services {
    ($($name:ident)*) => {
        $(pub mod $name;)*

        /// Every service.
        pub const SERVICES: &[&Service] = &[$(&$name::SERVICE),*];
    };
}

services! {
    redis
    postgres
    mysql
    amqp
}
