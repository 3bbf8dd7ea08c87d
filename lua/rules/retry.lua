-- Another attempt, or failed? Every way in which an attempt can end badly asks here: retry, a lease
-- that ran out, timeout.

local retry = {}

-- left: attempts that the job still has beyond the one that ended. Returns whether it gets another
-- and what is then left.
function retry.again(left)
  if left > 0 then
    return true, left - 1
  end
  return false, 0
end

-- The failure group of a queue's jobs that used up their retries.
function retry.group(queue_name)
  return "failed-retries-" .. queue_name
end

return retry
