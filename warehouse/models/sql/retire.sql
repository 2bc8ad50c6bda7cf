UPDATE ops.model_version SET status = 'retired'
WHERE model = %(model)s AND status = 'champion' AND version <> %(version)s;
