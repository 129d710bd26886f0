//! Inference over HTTP.
