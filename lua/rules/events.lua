-- What can happen to a job, as numbers in its history; the same words name the events.

local names = {
  "put",
  "popped",
  "done",
  "failed",
  "retried",
  "timed-out",
  "moved",
  "released",
  "unfailed",
  "throttled",
  "unblocked",
  "cancelled",
  "log", -- a user's own entry
  "merged", -- a put under its unique key has changed it
  "late", -- it was too late to start, and another klass runs in its place
}

local number = {}
for position = 1, #names do
  number[names[position]] = position
end

return { name = names, number = number }
