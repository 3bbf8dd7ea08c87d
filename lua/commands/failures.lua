-- failures: failed jobs of a queue, counted by klass and error, newest first, a page at a time.
--
-- Args: queue, cursor (empty: from the start), count (1 to limits.JOBS: jobs that are looked at).
-- Returns: {cursor of the next page (empty: this was the last), then for each klass and error
-- {klass, error, how many jobs, when the newest failed (milliseconds), its jid}}. The error is the
-- failure group, or, of a job that had no retries left, the group of the last cause.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local klasses = require("store.klasses")
local pages = require("store.pages")
local queues = require("store.queues")
local records = require("store.records")
local sift = require("doors.sift")

local failures = {}

function failures.parse(step, args)
  arguments.count(args, 3)
  queues.want(step, arguments.name(args[1], "queue"))
  return pages.asked(args, 2, { queue = args[1] })
end

function failures.apply(step, request)
  local queue = queues.named(step, request.queue)
  if not queue then
    return { "" }
  end
  local page = pages.ranked(keys.failed(step, queue), request, true)
  for position = 2, #page do
    records.want(step, page[position])
  end
  records.read(step)
  local list, found = { page[1] }, {}
  for position = 2, #page do
    local record = records.live(step, page[position])
    local klass, err = klasses.name(step, record.klass), sift.error_of(step, record)
    local name = #klass .. ":" .. klass .. err
    if not found[name] then
      found[name] = { klass, err, 0, record.since, record.jid }
      list[#list + 1] = found[name]
    end
    found[name][3] = found[name][3] + 1
  end
  return list
end

return failures
