-- Histograms of times: bin n holds the milliseconds from LOW * RATIO^n up to the next bin's start.
-- A bin's middle is within 5 % of every time in it. Bin 0 also holds what is below 1 ms.

local bins = { RATIO = 1.1, LAST = 255 } -- 1.1^255 ms is over a year

local SCALE = 1 / math.log(1.1)

function bins.of(milliseconds)
  if milliseconds < 1 then
    return 0
  end
  return math.min(math.floor(math.log(milliseconds) * SCALE + 1e-9), bins.LAST)
end

return bins
