//! FastCGI: healthy if the application's CGI response has an expected status, and the texts that it must have. This asks php-fpm
//! for its page `ping.path`, and any other Responder for a page of its own.
//!
//! As with HTTP, no more of the answer is read than the verdict needs. Where it needs the end, this is the record that ends the
//! request, with both of its statuses. nginx also takes the end of the connection for it, but a worker that crashes closes the
//! connection too.

use std::cell::Cell;

use super::search::Search;
use super::service::judgement::Judgement;
use crate::plan::HttpRequest;
use crate::progress::Progress;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::fcgi::BadAnswer;
use crate::unhealthy::http;
use crate::wire::fcgi::{self, Head};

/// The most bytes that are read of an answer: a body of 64 KiB in records of one byte, each of which takes sixteen with its
/// padding.
const MAX_READ: usize = 1024 * 1024;

/// Judges an answer while it arrives.
pub struct Reader<'a> {
    /// The healthy status, and the texts of the body.
    expected: &'a HttpRequest,
    progress: &'a Progress,
    /// Where the reason goes, if the answer is unhealthy.
    found: &'a Cell<Option<Unhealthy>>,
    /// The record that has begun.
    record: Vec<u8>,
    /// The number of bytes so far.
    read: usize,
    head: Head,
    /// The search of the body, once the head is over.
    search: Option<Search<'a>>,
}

impl<'a> Reader<'a> {
    /// Begins an answer.
    pub fn new(expected: &'a HttpRequest, progress: &'a Progress, found: &'a Cell<Option<Unhealthy>>) -> Self {
        Self { expected, progress, found, record: Vec::new(), read: 0, head: Head::default(), search: None }
    }

    /// Takes the next bytes.
    pub fn judge(&mut self, bytes: &[u8]) -> Judgement {
        self.take(bytes).unwrap_or_else(|reason| {
            self.found.set(Some(reason));
            Judgement::Unhealthy
        })
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Judgement, Unhealthy> {
        self.read += bytes.len();
        self.record.extend_from_slice(bytes);
        let mut rest = &self.record[..];
        while let Some((mut output, is_over)) = fcgi::record(&mut rest)? {
            if self.search.is_none()
                && let Some(got) = self.head.take(&mut output)?
            {
                let expected = self.expected.statuses;
                if !expected.contains(got) {
                    return Err(http::BadAnswer::Status { got, expected }.into());
                }
                self.search = Some(Search::new(&self.expected.texts, self.progress));
            }
            let Some(search) = &mut self.search else {
                if is_over {
                    return Err(BadAnswer::NoHead.into());
                }
                continue;
            };
            if search.take(output, is_over)? {
                return Ok(Judgement::Healthy);
            }
        }
        let (held, left) = (self.record.len(), rest.len());
        self.record.copy_within(held - left.., 0);
        self.record.truncate(left);
        if self.read > MAX_READ { Err(BadAnswer::Endless.into()) } else { Ok(Judgement::Taken) }
    }
}
