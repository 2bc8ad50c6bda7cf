SELECT version, manifest_sha256 FROM ops.model_version
WHERE model = %(model)s AND status IN ('champion', 'retired')
ORDER BY status = 'champion' DESC, version DESC;
