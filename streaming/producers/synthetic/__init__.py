"""The generator of posts, readings and machine events, and the replay of a recording; read the modules in this order.

An event is a pure function of (seed, source, index, run options), so any process can make any event again.

Foundations
    config: generator.yaml, hashtags.yaml and machines.yaml of conf/ as values.
    random_words: random numbers from a counter-based hash, and tables to draw from.
    event_time: the event time of an index.
    injection: which indexes become malformed, duplicate, late or deletion records.
    malformed: the ways to break each quality rule.
Posts
    authors: the population, who is active when, who mentions whom.
    hashtags: topics, tags and their trends.
    post_text: the words of a post.
    post_draft: a post before it is bytes.
    edge_cases: valid posts with unusual text or JSON.
    expected_tags: the tags that the stream must find in a post.
    posts: the post at an index.
Machines
    incidents: failures, maintenance and gaps in the readings of a machine.
    machine_model: load, wear and sensor values of a machine.
    machine_records: the reading and the machine events at an index.
A run
    sources: what one producer sends, index by index, as a picklable plan.
    planning: from the options of `generate` to the plans of all producers.
    worker: one worker process, which sends its sources through producers.
    worker_pool: the worker processes of a run: start, progress, stop.
    recording: the recording in conf/recordings, sent again with new ids and the present time.
"""
