"""Who asks, and what that proves: tokens, Digest, certificates, and patience with wrong ones."""
