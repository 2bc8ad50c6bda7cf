SELECT version FROM ops.model_version WHERE model = %(model)s ORDER BY version;
