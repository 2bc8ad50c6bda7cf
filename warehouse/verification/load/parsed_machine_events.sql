INSERT INTO parsed_machine_events BY NAME SELECT * FROM rows;
