//! The search of a body for the texts that it must have and must not have, and for values in it as JSON. The body comes in
//! pieces, over HTTP or FastCGI.

use super::matcher::Matcher;
use crate::json::Document;
use crate::plan::Texts;
use crate::progress::Progress;
use crate::unhealthy::http::BadAnswer;

/// The most bytes of a body that are searched.
pub const MAX_BODY: usize = 64 * 1024;

/// The steps that the message at the deadline names.
const TEXT: &str = "text of --contains";
const ANY_TEXT: &str = "text of --contains-any";
const BODY: &str = "end of the body";

/// The search of one body.
pub struct Search<'a> {
    texts: &'a Texts,
    /// One for each text, in their order.
    matchers: Vec<Matcher<'a>>,
    document: Document<'a>,
    /// The number of bytes that may still be searched.
    left: usize,
}

impl<'a> Search<'a> {
    /// Begins the search for `texts`.
    pub fn new(texts: &'a Texts, progress: &Progress) -> Self {
        progress.awaits_step(match texts {
            Texts { all, .. } if !all.is_empty() => TEXT,
            Texts { any, .. } if !any.is_empty() => ANY_TEXT,
            _ => BODY,
        });
        let mut matchers = Vec::new();
        for texts in [&texts.all, &texts.any, &texts.none] {
            for text in texts {
                matchers.push(Matcher::new(text));
            }
        }
        Self { texts, matchers, document: Document::new(&texts.json), left: MAX_BODY }
    }

    /// Searches the next bytes of the body, which may be the last ones. Returns whether the body is healthy, whatever follows.
    ///
    /// # Errors
    ///
    /// It has a text that must not be there, or it is over and lacks what must be there.
    pub fn take(&mut self, data: &[u8], is_over: bool) -> Result<bool, BadAnswer> {
        let is_cut = data.len() > self.left;
        let data = &data[..data.len().min(self.left)];
        self.left -= data.len();
        self.document.feed(data);
        for matcher in &mut self.matchers {
            matcher.feed(data);
        }
        let (all, rest) = self.matchers.split_at(self.texts.all.len());
        let (any, none) = rest.split_at(self.texts.any.len());
        if let Some(place) = none.iter().position(|matcher| matcher.is_found) {
            return Err(BadAnswer::Text(place + 1));
        }
        let missing = all.iter().position(|matcher| !matcher.is_found);
        let has_any = any.is_empty() || any.iter().any(|matcher| matcher.is_found);
        // These judge the whole body.
        let needs_all = !none.is_empty() || self.document.is_wanted();
        if !is_over && !is_cut && (self.left > 0 || needs_all) {
            // A text that must not be there can be in the last bytes.
            return Ok(missing.is_none() && has_any && !needs_all);
        }
        match missing {
            Some(place) => Err(BadAnswer::MissingText(place + 1)),
            None if !has_any => Err(BadAnswer::NoText),
            None if is_cut && !none.is_empty() => {
                Err(BadAnswer::Long("the body is longer than 64 KiB, and --lacks reads no more"))
            }
            None if is_cut && needs_all => {
                Err(BadAnswer::Long("the body is longer than 64 KiB, and --json reads no more"))
            }
            None => self.document.judge().map(|()| true),
        }
    }
}
