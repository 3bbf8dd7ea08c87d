-- The table of contents: every command once. `puts` marks those that are refused when memory is
-- full, `reads` those that write nothing; all others also drain a full server. `lists` and `alone`
-- mark those that are no members of a step.

return {
  -- a job's life
  { name = "put", puts = true },
  { name = "pop" },
  { name = "heartbeat" },
  { name = "complete" },
  { name = "fail" },
  { name = "retry" },
  { name = "release" },
  { name = "timeout" },
  { name = "cancel" },
  { name = "move" },
  { name = "priority" },
  { name = "depend", puts = true },
  { name = "undepend" },
  { name = "unfail" },
  { name = "unfail_group" },
  -- several of the above in one call
  { name = "step", puts = true, lists = true },
  { name = "drain", lists = true },
  -- recurring jobs
  { name = "recur", puts = true },
  { name = "recur_update" },
  { name = "unrecur" },
  -- what people note about jobs
  { name = "tag" },
  { name = "untag" },
  { name = "track" },
  { name = "untrack" },
  { name = "log" },
  { name = "revoke", puts = true },
  { name = "restore" },
  -- queues
  { name = "pause" },
  { name = "unpause" },
  { name = "forget", alone = true },
  { name = "tick" },
  -- the namespace
  { name = "configure" },
  { name = "report" },
  { name = "deregister" },
  -- looking
  { name = "get", reads = true },
  { name = "explain", reads = true },
  { name = "result", reads = true },
  { name = "wait", alone = true },
  { name = "peek", reads = true },
  { name = "jobs", reads = true },
  { name = "queues", reads = true },
  { name = "recurring", reads = true },
  { name = "groups", reads = true },
  { name = "group", reads = true },
  { name = "tags", reads = true },
  { name = "tagged", reads = true },
  { name = "tracked", reads = true },
  { name = "workers", reads = true },
  { name = "worker", reads = true },
  { name = "stats", reads = true },
  { name = "settings", reads = true },
  { name = "revoked", reads = true },
  -- mending
  { name = "check", reads = true },
  { name = "repair", alone = true },
}
