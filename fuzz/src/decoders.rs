//! The input is a message: after a `z` in gzip, after an `s` from SPIFFE's Workload API, and else from gRPC's health
//! service.

use std::io::Read;

use flate2::bufread::GzDecoder;
use lprobe::door::{ServingStatus, grpc_health, gzip, workload_api};
use prost::Message;
use tonic_health::pb::HealthCheckResponse;

/// The most that is unpacked, in bytes.
const MAX: usize = 4096;

/// What is taken, other people's code takes for the same.
pub fn accepts(input: &[u8]) -> bool {
    let Some((kind, message)) = input.split_first() else { return false };
    match kind {
        b'z' => {
            let ours = gzip::unpack(message, MAX);
            if let Ok(ours) = &ours {
                let (mut theirs, mut rest) = (Vec::new(), message);
                GzDecoder::new(&mut rest).read_to_end(&mut theirs).expect("a gzip file");
                assert_eq!((ours, rest), (&theirs, &[][..]));
            }
            // And back.
            assert_eq!(gzip::unpack(&gzip::pack(message), message.len()).as_deref(), Ok(message));
            ours.is_ok()
        }
        b's' => workload_api::credentials_in(message).is_some(),
        _ => {
            let serving = grpc_health::serving_status(message) == Some(ServingStatus::SERVING);
            if serving {
                let theirs = HealthCheckResponse::decode(message).expect("a message");
                assert_eq!(theirs.status, ServingStatus::SERVING.0 as i32);
            }
            serving
        }
    }
}
