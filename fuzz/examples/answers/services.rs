//! Replies of the servers whose handshake is known, and of others in which a text is expected.

use lprobe::door::SERVICES;
use lprobe_fuzz::exchange;

use crate::Case;
use crate::mutate::slips;
use crate::random::Random;

/// What a server says first.
struct Replies {
    scheme: &'static str,
    good: &'static [&'static [u8]],
    bad: &'static [&'static [u8]],
}

const REPLIES: &[Replies] = &[
    Replies {
        scheme: "redis",
        good: &[b"+PONG\r\n", b"-NOAUTH Authentication required.\r\n", b"-NOAUTH \r\n"],
        bad: &[
            b"-LOADING Redis is loading the dataset in memory\r\n",
            b"-ERR unknown command\r\n",
            b"-DENIED Redis is running in protected mode\r\n",
            b"-MASTERDOWN Link with MASTER is down\r\n",
            b"-NOAUTHENTICATION\r\n",
            b"+PONG\n",
            b"+PONG PONG\r\n",
            b"$4\r\nPONG\r\n",
            b"+OK\r\n",
        ],
    },
    Replies {
        scheme: "postgres",
        good: &[
            b"R\0\0\0\x08\0\0\0\0S\0\0\0\x16application_name\0\0",
            b"R\0\0\0\x08\0\0\0\x03",
            b"R\0\0\0\x0c\0\0\0\x05\x01\x02\x03\x04",
            b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0",
            b"E\0\0\0\x28SFATAL\0VFATAL\0C28000\0Mno pg_hba.co\0\0",
            b"E\0\0\0\x1aSFATAL\0C3D000\0Mno db\0\0",
        ],
        bad: &[
            b"E\0\0\0\x32SFATAL\0VFATAL\0C57P03\0Mthe database system is\0\0",
            b"E\0\0\0\x0cSFATAL\0\0",
            b"E\0\0\0\x12SFATAL\0C2800\0\0",
            b"R\0\0\0\x08\0\0\0\x0d",
            b"R\0\0\0\x08\0\x01\0\0",
            b"R\0\0\0\x04",
            b"EFATAL: sorry, too many clients\n\0",
            b"N",
            b"S",
        ],
    },
    Replies {
        scheme: "mysql",
        good: &[
            b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0caching_sha2_password\0",
            b"\x1d\0\0\0\x0a10.6.4-Maria\0\x01\0\0\0abcdefgh\0\0\0",
        ],
        bad: &[
            b"\x17\0\0\0\xff\x10\x04Too many connections",
            b"\x45\0\0\0\xffj\x04Host '10.0.0.1' is not allowed to connect to this MySQL server....",
            b"\x05\0\0\0\x0a8.0\0",
            b"\x01\0\0\0\x0a",
            b"\0\0\0\0\x0a8.0\0",
            b"\x07\0\0\x02\0\0\0\x02\0\0\0",
        ],
    },
    Replies {
        scheme: "amqp",
        good: &[
            b"\x01\0\0\0\0\0\x25\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x0ePLAIN AMQPLAIN\0\0\0\x05en_US\xce",
            b"\x01\0\0\0\0\0\x2b\0\x0a\0\x0a\0\x09\0\0\0\x0f\x07productS\0\0\0\x02RM\0\0\0\x05PLAIN\0\0\0\x05en_US\xce",
        ],
        bad: &[b"AMQP\0\0\x09\x01", b"AMQP\0\x01\0\0", b"\x01\0\0\0\0\0\x04\0\x0a\0\x32\xce", b"\x08\0\0\0\0\0\0\xce"],
    },
    Replies {
        scheme: "nats",
        good: &[
            b"INFO {\"server_id\":\"N\",\"version\":\"2.9\",\"max_payload\":1048576} \r\n",
            b"INFO {}\r\n",
            b"INFO {\"a\":{\"b\":1}}\r\nPING\r\n",
        ],
        bad: &[
            b"-ERR 'maximum connections exceeded'\r\n",
            b"INFORMATION\r\n",
            b"INFO\r\n",
            b"INFO []\r\n",
            b"PING\r\n",
            b"+OK\r\n",
            b"INFO {\"server_id\":\"N\",\r\n",
        ],
    },
    Replies {
        scheme: "memcached",
        good: &[b"VERSION 1.6.18\r\n", b"VERSION 1\r\n"],
        bad: &[b"ERROR Too many open connections\r\n", b"ERROR\r\n", b"SERVER_ERROR out of memory\r\n", b"VERSION\r\n", b"version 1\r\n"],
    },
    Replies {
        scheme: "mongodb",
        good: &[
            b"\x26\0\0\0\x07\0\0\0\x01\0\0\0\xdd\x07\0\0\0\0\0\0\0\x11\0\0\0\x01ok\0\0\0\0\0\0\0\xf0\x3f\0",
            b"\x35\0\0\0\0\0\0\0\x01\0\0\0\xdd\x07\0\0\0\0\0\0\0\x20\0\0\0\x02a\0\x02\0\0\0x\0\x08b\0\x01\x04c\0\x05\0\0\0\0\x10ok\0\x01\0\0\0\0",
        ],
        bad: &[
            b"\x26\0\0\0\x07\0\0\0\x01\0\0\0\xdd\x07\0\0\0\0\0\0\0\x11\0\0\0\x01ok\0\0\0\0\0\0\0\0\0\0",
            b"\x26\0\0\0\x07\0\0\0\x02\0\0\0\xdd\x07\0\0\0\0\0\0\0\x11\0\0\0\x01ok\0\0\0\0\0\0\0\xf0\x3f\0",
            b"\x34\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1f\0\0\0\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0",
        ],
    },
    Replies {
        scheme: "kafka",
        good: &[
            b"\0\0\0\x10\0\0\0\x01\0\0\0\0\0\x01\0\x12\0\0\0\x04",
            b"\0\0\0\x16\0\0\0\x01\0\0\0\0\0\x02\0\0\0\0\0\x09\0\x12\0\0\0\x04",
        ],
        bad: &[
            b"\0\0\0\x10\0\0\0\x01\0\x23\0\0\0\x01\0\x12\0\0\0\x04",
            b"\0\0\0\x10\0\0\0\x02\0\0\0\0\0\x01\0\x12\0\0\0\x04",
            b"\0\0\0\x0a\0\0\0\x01\0\0\0\0\0\0",
            b"\0\0\0\x10\0\x12\0\0\0\0\0\x01\0\x06lprobe",
        ],
    },
    Replies {
        scheme: "cassandra",
        good: &[
            b"\x84\0\0\0\x06\0\0\0\x18\0\x01\0\x0bCQL_VERSION\0\x01\0\x053.4.5",
            b"\x84\0\0\0\x06\0\0\0\x0d\0\x02\0\x01a\0\0\0\x01b\0\x01\0\0",
            b"\x85\0\0\0\0\0\0\0\x08\0\0\0\x0a\0\x02no",
        ],
        bad: &[
            b"\x84\0\0\0\0\0\0\0\x08\0\0\0\x0a\0\x02no",
            b"\x84\0\0\0\0\0\0\0\x08\0\0\x10\x02\0\x02no",
            b"\x85\0\0\0\0\0\0\0\x08\0\0\x10\x01\0\x02no",
            b"\x84\0\0\0\x02\0\0\0\0",
            b"\x04\0\0\0\x05\0\0\0\0",
        ],
    },
    Replies {
        scheme: "mqtt",
        good: &[b"\x20\x02\0\0", b"\x20\x02\0\0\xd0\0"],
        bad: &[b"\x20\x02\0\x05", b"\x20\x02\x01\0", b"\x20\x03\0\0\0", b"\xe0\0", b"\x10\x0c\0\x04MQTT\x04\x02\0\x0a\0\0"],
    },
    Replies {
        scheme: "ldap",
        good: &[
            b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0",
            b"\x30\x0e\x02\x01\x01\x61\x09\x0a\x01\x30\x04\0\x04\x02no",
            b"\x30\x84\0\0\0\x10\x02\x01\x01\x61\x84\0\0\0\x07\x0a\x01\0\x04\0\x04\0",
        ],
        bad: &[
            b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x33\x04\0\x04\0",
            b"\x30\x0c\x02\x01\0\x78\x07\x0a\x01\x34\x04\0\x04\0",
            b"\x30\x80\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0\0\0",
            b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0",
        ],
    },
    Replies {
        scheme: "smtp",
        good: &[b"220 mail.example ESMTP\r\n", b"220\r\n", b"220-mail.example\r\n220-a\r\n220 b\r\n"],
        bad: &[
            b"554 no mail here\r\n",
            b"421 closing\r\n",
            b"220-mail.example\r\n421 closing\r\n",
            b"220 mail.example\n",
            b"220-a\n220 b\r\n",
            b"2200\r\n",
            b"250 OK\r\n",
        ],
    },
    Replies {
        scheme: "ssh",
        good: &[b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-2.0-dropbear\n", b"SSH-1.99-x\r\n", b"a\r\n\r\nSSH-2.0-x y\r\n"],
        bad: &[
            b"Exceeded MaxStartups\r\n",
            b"SSH-1.5-x\r\n",
            b"SSH-2.0\r\n",
            b" SSH-2.0-x\r\n",
            b"SSH-1.5-x\r\nSSH-2.0-x\r\n",
        ],
    },
];

/// What other programs say on the same port.
const OTHERS: &[&[u8]] = &[
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\x15\x03\x03\0\x02\x02\x46",
    b"\0\0\0\x04\0\0\0\0\0",
    b"220 ready ESMTP\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"",
];

/// Makes the reply of a service, and asks about it.
pub fn case(random: &mut Random) -> Case {
    let which = random.below(SERVICES.len());
    let scheme = SERVICES[which].scheme;
    let Some(Replies { good, bad, .. }) = REPLIES.iter().find(|replies| replies.scheme == scheme) else {
        panic!("add {scheme} to fuzz/examples/answers/services.rs")
    };
    let mut reply = match random.below(12) {
        0..7 => random.pick(good).to_vec(),
        7..10 => random.pick(bad).to_vec(),
        10 => random.pick(OTHERS).to_vec(),
        _ => {
            let other = &REPLIES[random.below(REPLIES.len())];
            random.pick(other.good).to_vec()
        }
    };
    if random.one_in(40) {
        let long = vec![random.pick(b"x\0 \"}"); random.between(1, 5000)];
        let place = random.below(reply.len() + 1);
        reply.splice(place..place, long);
    }
    spoilt(random, &mut reply);
    let pieces = random.pieces(reply.len());
    let question = format!("{scheme}://");
    Case {
        question,
        which,
        ask: |place, reply, pieces| exchange::asked(Some(place), reply, pieces),
        answer: reply,
        pieces,
    }
}

/// Makes a reply in which a text is expected, and asks about it.
pub fn text_case(random: &mut Random) -> Case {
    text(random, "tcp", |_, reply, pieces| exchange::asked(None, reply, pieces))
}

/// The same in datagrams.
pub fn datagram_case(random: &mut Random) -> Case {
    text(random, "udp", |_, replies, pieces| exchange::asked_by_datagram(replies, pieces))
}

fn text(random: &mut Random, scheme: &str, ask: fn(usize, &[u8], &[usize]) -> bool) -> Case {
    let mut reply = random.text(b"raedy\0\r\n\xff", 40);
    if random.one_in(20) {
        let place = random.below(reply.len() + 1);
        reply.splice(place..place, vec![b'.'; random.pick(&[100, 2000, 4090, 4093, 4096, 5000])]);
    }
    if random.one_in(2) {
        let place = random.below(reply.len() + 1);
        reply.splice(
            place..place,
            random.pick(&[&b"ready"[..], b"steady", b"readready", b"READY", b"read", b"rready"]).to_vec(),
        );
    }
    spoilt(random, &mut reply);
    let pieces = random.pieces(reply.len());
    let question = format!("{scheme}:// --expect steady --expect ready");
    Case { question, which: 0, ask, answer: reply, pieces }
}

/// Cuts a reply off, or makes slips in it.
fn spoilt(random: &mut Random, reply: &mut Vec<u8>) {
    if random.one_in(3) {
        reply.truncate(random.below(reply.len() + 1));
    }
    if random.one_in(3) {
        slips(random, reply, b"\r\n \0\x01\x0aRE+-{}");
    }
}
