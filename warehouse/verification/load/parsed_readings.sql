INSERT INTO parsed_readings BY NAME SELECT * FROM rows;
