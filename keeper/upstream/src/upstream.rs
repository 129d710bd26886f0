use std::fmt;

use reqwest::Url;
use reqwest::header::HeaderValue;
use thiserror::Error;

/// Longest key: longer ones are a file named by mistake.
const MAX_KEY: usize = 4096;

/// Why a server cannot be asked as configured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UpstreamError {
    /// Its address is none, or has parts that do not belong to it.
    #[error(
        "{url:?} is not the address of a server: {reason}; give scheme, host and path, like \"http://127.0.0.1:8000/v1\""
    )]
    Address {
        /// As it was given, without user and password.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The key could not stand in a header.
    #[error("the key of the server is empty, longer than {MAX_KEY} bytes, or not one line of printable text")]
    Key,
    /// Nothing could ever be asked.
    #[error("`parallel` is 0, so nothing would be asked; set at least 1")]
    Parallel,
}

/// What a server asks for to answer. Shown nowhere.
#[derive(Clone)]
pub struct ApiKey {
    header: HeaderValue,
    text: String,
}

impl ApiKey {
    /// Takes a key; spaces and line breaks around it do not count.
    ///
    /// # Errors
    /// If it is empty, too long, or not printable.
    pub fn new(text: &str) -> Result<Self, UpstreamError> {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_KEY {
            return Err(UpstreamError::Key);
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| UpstreamError::Key)?;
        header.set_sensitive(true);
        Ok(ApiKey { header, text: text.to_owned() })
    }

    pub(crate) fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// `text` without the key, which servers like to repeat in their refusals.
    pub(crate) fn strike_out(&self, text: &str) -> String {
        text.replace(&self.text, "[key]")
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// Where a model is asked.
#[derive(Debug, Clone)]
pub struct Upstream {
    base: String,
    model: String,
    key: Option<ApiKey>,
    parallel: usize,
}

impl Upstream {
    /// A server with OpenAI's API below `url` (its path usually ends in `/v1`), which knows the model as `model` and is asked
    /// for at most `parallel` answers at once.
    ///
    /// # Errors
    /// If `url` is not an http or https address, or carries credentials, a query or a fragment; if `parallel` is 0.
    pub fn new(url: &str, model: &str, key: Option<ApiKey>, parallel: usize) -> Result<Self, UpstreamError> {
        let refuse = |url: &str, reason: String| UpstreamError::Address { url: url.to_owned(), reason };
        let parsed = url.parse::<Url>().map_err(|error| refuse("", error.to_string()))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(refuse("", "it holds credentials, which logs would show; use a key".to_owned()));
        }
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(refuse(url, format!("{} is not spoken here", parsed.scheme())));
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(refuse(url, "it has more than scheme, host and path".to_owned()));
        }
        if parallel == 0 {
            return Err(UpstreamError::Parallel);
        }
        let base = parsed.as_str().trim_end_matches('/').to_owned();
        Ok(Upstream { base, model: model.to_owned(), key, parallel })
    }

    /// The address of a part of the API, like `chat/completions`.
    pub(crate) fn address(&self, part: &str) -> String {
        format!("{}/{part}", self.base)
    }

    /// The server's name for the model.
    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    pub(crate) fn key(&self) -> Option<&ApiKey> {
        self.key.as_ref()
    }

    pub(crate) fn parallel(&self) -> usize {
        self.parallel
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(url: &str) -> Result<Upstream, UpstreamError> {
        Upstream::new(url, "m", None, 1)
    }

    #[test]
    fn an_address_has_scheme_host_and_path() {
        for (url, chat) in [
            ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/chat/completions"),
            ("https://models.internal/v1/", "https://models.internal/v1/chat/completions"),
            ("http://[::1]:8000", "http://[::1]:8000/chat/completions"),
        ] {
            assert_eq!(upstream(url).unwrap().address("chat/completions"), chat);
        }
        for bad in
            ["", "models.internal", "ftp://m/v1", "file:///etc/passwd", "http://m/v1?a=b", "http://m/#x"]
        {
            assert!(matches!(upstream(bad), Err(UpstreamError::Address { .. })), "{bad}");
        }
        assert_eq!(Upstream::new("http://m", "m", None, 0).unwrap_err(), UpstreamError::Parallel);
    }

    #[test]
    fn secrets_are_shown_nowhere() {
        let error = upstream("http://user:hunter2@m/v1").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        let key = ApiKey::new(" sk-hunter2\n").unwrap();
        assert_eq!(key.header(), "Bearer sk-hunter2");
        assert_eq!(key.strike_out("no such key: sk-hunter2"), "no such key: [key]");
        let upstream = Upstream::new("http://m", "m", Some(key), 1).unwrap();
        assert!(!format!("{upstream:?}").contains("hunter2"));
        for bad in ["", " \n", "a\nb", "a\0", &"k".repeat(MAX_KEY + 1)] {
            assert_eq!(ApiKey::new(bad).unwrap_err(), UpstreamError::Key, "{bad:?}");
        }
    }
}
