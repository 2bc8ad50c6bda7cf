INSERT INTO parsed_posts BY NAME SELECT * FROM rows;
