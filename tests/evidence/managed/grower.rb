# Keeps strings, and prints what Ruby says of its heap.
require 'objspace'
kept = []
2.times do
  20_000.times { |i| kept << "entry #{i}" * 3 }
  puts GC.stat
  puts "heap_live_slots: #{GC.stat[:heap_live_slots]}"
  puts "memsize_of_all: #{ObjectSpace.memsize_of_all}"
end
