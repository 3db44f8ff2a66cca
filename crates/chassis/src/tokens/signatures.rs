//! Signatures of tokens, verified with the cryptography that TLS uses already: Ed25519, ECDSA on P-256, RSA.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// From now on tokens are verified with it, in the whole process.
pub(super) fn install() {
    // Already there: another service in this process has done it.
    let _ = PROVIDER.install_default();
}

/// Nobody signs tokens here.
fn no_signer(
    _: &Algorithm,
    _: &EncodingKey,
) -> Result<Box<dyn jsonwebtoken::crypto::JwtSigner>, Error> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let kinds = [
        (Algorithm::EdDSA, AlgorithmFamily::Ed),
        (Algorithm::ES256, AlgorithmFamily::Ec),
        (Algorithm::RS256, AlgorithmFamily::Rsa),
    ];
    // A key of another kind is how signatures get forged.
    if !kinds.contains(&(*algorithm, key.family())) {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(Box::new(Ring {
        algorithm: *algorithm,
        key: key.clone(),
    }))
}

/// One key, used as one algorithm.
struct Ring {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for Ring {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let wrong = |_| signature::Error::new();
        let by: &'static dyn VerificationAlgorithm = match (self.algorithm, self.key.kind()) {
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                let key = RsaPublicKeyComponents { n, e };
                let verified = key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature);
                return verified.map_err(wrong);
            }
            (Algorithm::ES256, _) => &ECDSA_P256_SHA256_FIXED,
            (Algorithm::EdDSA, _) => &ED25519,
            (_, _) => return Err(signature::Error::new()),
        };
        let key = self.key.try_get_as_bytes();
        let key = key.map_err(|_| signature::Error::new())?;
        let key = UnparsedPublicKey::new(by, key);
        key.verify(message, signature).map_err(wrong)
    }
}

impl JwtVerifier for Ring {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
