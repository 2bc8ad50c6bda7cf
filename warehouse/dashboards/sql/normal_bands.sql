SELECT machine_id, sensor, normal_low, normal_high FROM serving.machine_bands WHERE normal_low IS NOT NULL;
