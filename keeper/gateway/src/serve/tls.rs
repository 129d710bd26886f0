//! HTTPS.

use std::sync::Arc;

use alloy::primitives::{B256, keccak256};
use opg_node::ServiceError;
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use crate::config::TlsFiles;

/// HTTPS with the operator's certificate.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// keccak-256 of the certified public key (DER of SubjectPublicKeyInfo): what an attestation binds.
    pub(crate) key_hash: B256,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("key_hash", &self.key_hash).finish_non_exhaustive()
    }
}

/// Reads certificate and key.
pub(crate) fn open(files: &TlsFiles) -> Result<Tls, ServiceError> {
    let fault = |path: &std::path::Path, reason: &dyn std::fmt::Display| {
        ServiceError::Fatal(format!(
            "TLS file {}: {reason}; give PEM files that belong together",
            path.display()
        ))
    };
    let certificates = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| fault(&files.certificate, &error))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| fault(&files.key, &error))?;
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let public = provider
        .key_provider
        .load_private_key(key.clone_key())
        .ok()
        .and_then(|key| key.public_key().map(|public| keccak256(&public)))
        .ok_or_else(|| fault(&files.key, &"the kind of key is not supported"))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|error| fault(&files.certificate, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), key_hash: public })
}
