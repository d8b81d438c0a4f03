import threading, time, faulthandler
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(5, thread_name_prefix="worker")
for _ in range(5): pool.submit(time.sleep, 5)
threading.Event().wait(0.2)
faulthandler.dump_traceback(open("fault.txt","w"))
