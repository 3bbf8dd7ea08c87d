-- The table of contents: every command once. `puts` marks those that are refused when memory is
-- full, `reads` those that write nothing; all others also drain a full server.

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
  -- queues
  { name = "pause" },
  { name = "unpause" },
  { name = "tick" },
  -- looking
  { name = "get", reads = true },
  { name = "peek", reads = true },
  { name = "jobs", reads = true },
  { name = "queues", reads = true },
}
