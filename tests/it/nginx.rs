//! A real server of someone else's.

use std::fs;

use crate::support::nginx::Nginx;
use crate::support::{have_tools, lprobe};

#[test]
fn nginx_is_probed() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let nginx = Nginx::start(
        "location = /well { return 200 well; }
         location = /empty { return 204; }
         location = /moved { return 301 http://elsewhere.example/; }
         location = /sick { return 503; }
         location = /rude { return 444; }
         location = /query { if ($arg_full = 1) { return 200; } return 400; }
         location = /host { if ($http_host = localhost:$server_port) { return 200; } return 400; }",
    );
    nginx.probe("/well").healthy();
    nginx.probe("/empty").healthy();
    nginx.probe("/query?full=1").healthy();
    nginx.probe("/host").healthy();
    nginx.probe("/moved").unhealthy_saying(&["status 301"]);
    nginx.probe("/sick").unhealthy_saying(&["status 503"]);
    nginx.probe("/none").unhealthy_saying(&["status 404"]);
    nginx.probe("/rude").unhealthy_saying(&["closed before a complete response head"]);
    lprobe([format!("tcp://:{}", nginx.port)]).healthy();
    lprobe(["-mode=http", &format!("-port={}", nginx.port), "-endpoint=/moved", "-http-codes=200-299,301"])
        .unhealthy_saying(&["redirected outside this container"]);
}

#[test]
fn a_file_of_a_gigabyte_is_not_read() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let nginx = Nginx::start("");
    let file = fs::File::create(nginx.folder.path().join("large")).expect("a file");
    file.set_len(1 << 30).expect("a sparse file");
    nginx.probe("/large").healthy();
}
