//! The servers whose handshake is known, one file each. A new server is a file here and a line in the list below.

pub use definition::Service;

mod definition;
pub mod judgement;

/// Declares the services' modules and lists the services, in the order of the help.
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
    nats
    memcached
    mongodb
    kafka
    cassandra
    mqtt
    ldap
    smtp
    ssh
}
