//! mosquitto.

use super::*;

const MQTT: &str = "mqtt://localhost";

fn mosquitto(home: &Home, settings: &str) -> Server {
    fs::write(home.path("settings"), settings).expect("a file");
    home.serve(home.command("mosquitto").args(["-v", "-c", "settings"]), Signal::SIGKILL)
}

#[test]
fn mosquitto_is_healthy_once_it_takes_clients() {
    at_home_of("mosquitto", &["mosquitto"], |home| {
        comes_and_goes(MQTT, 1883, || mosquitto(home, ""), "Received DISCONNECT", "closed its connection");
    });
}

#[test]
fn mosquitto_that_asks_for_a_password_is_unhealthy() {
    at_home_of("mosquitto", &["mosquitto"], |home| {
        let mut server = mosquitto(home, "listener 1883 localhost\nallow_anonymous false\n");
        server.until_unhealthy(MQTT, NOT_READY);
        probe(MQTT).unhealthy_saying(&[NOT_READY]);
        // Its answer, by which such a broker can be checked.
        let connect = r"--send=\x10\x0c\0\x04MQTT\x04\x02\0\x0a\0\0";
        lprobe(["--timeout=60s", connect, r"--expect=\x20\x02\0\x05", "tcp://localhost:1883"]).healthy();
    });
}
