//! RabbitMQ.

use super::*;

const AMQP: &str = "amqp://localhost";

/// Debian's own wrapper of it takes neither another folder nor another log.
const RABBITMQ_SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// Erlang's port mapper, which RabbitMQ would start for itself, and leave running.
fn epmd(home: &Home) -> Server {
    let mut server = home.serve(home.command("epmd").args(["-address", "127.0.0.1"]), Signal::SIGKILL);
    server.until_healthy("tcp://localhost:4369");
    server
}

fn rabbitmq(home: &Home) -> Server {
    let mut command = home.command(RABBITMQ_SERVER);
    command
        .env("RABBITMQ_NODENAME", "rabbit@localhost")
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_MNESIA_BASE", home.path("data"))
        .env("RABBITMQ_LOG_BASE", home.path("log"))
        .env("RABBITMQ_CONF_ENV_FILE", home.path("none"))
        .env("RABBITMQ_CONFIG_FILE", home.path("none"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", home.path("none"))
        // The script is then replaced by the server, so that the signals are the server's.
        .env("RUNNING_UNDER_SYSTEMD", "true");
    home.serve(&mut command, Signal::SIGKILL)
}

#[test]
fn rabbitmq_is_healthy_once_it_is_up() {
    at_home_of("rabbitmq", &[RABBITMQ_SERVER, "epmd"], |home| {
        probe(AMQP).unhealthy_saying(&["amqp://localhost:5672", NOBODY]);
        let _epmd = epmd(home);
        let mut server = rabbitmq(home);
        server.until_healthy(AMQP);
        server.signal(Signal::SIGTERM);
        server.until_ended();
        probe(AMQP).unhealthy_saying(&[NOBODY]);
    });
}
