-- Every bound on the work and the input of one call, and nothing else. Sizes are bytes.
return {
  NAME = 255, -- queues, jids, klasses, tags, workers, failure groups
  JOBS = 100, -- jobs that one call touches
  BYTES = 262144, -- payload that one call hands out, beyond its first job
  DUE = 20, -- units of due work that a call does beside its own
  PROMOTED = 60, -- scheduled jobs that a pop promotes beyond those it hands out
  INLINE = 1024, -- payloads above this have a key of their own
  OPTIONS = 65535, -- packed options of one job
  TAGS = 100, -- tags of one job
  REFUSED = 40, -- jobs that a pop looks at in vain
  REVOKED = 100, -- klasses whose jobs are not to run
  TEXT = 16384, -- failure messages
  LOG = 4096, -- data of one history entry that a user writes
  CONTEXT = 4096, -- what travels with a job beside its payload
  REPORT = 4096, -- what a worker tells about itself
  CHECKED = 50, -- keys and members that a slice of a check looks at
  WALK = 1000, -- jobs visited when a cycle is looked for
  INTEGER = 9007199254740992, -- 2^53: where a double stops being exact
  SEQUENCE = 281474976710656, -- 2^48: places and times fill six bytes
  CENTURY = 3155760000000, -- milliseconds: the longest delay or lease
  SLEEP = 4000, -- milliseconds that one blocking wait lasts at most
  WORKER = 200, -- bytes of a worker name; it shares a length byte with a time
  WEIGHT = 1000, -- of a queue among those that a pop serves
  TURNS = 2147483647, -- of a worker's pops
  SHOWN = 10, -- jobs that are named where there may be very many
  LIVE = 60000, -- milliseconds without a sign of life after which a worker is taken for gone
  TRACE = 60000, -- milliseconds that the trace of an erased job stays
  BUCKET = 100, -- milliseconds to which due times are rounded up
}
